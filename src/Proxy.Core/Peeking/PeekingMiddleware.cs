using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Proxy.Connections;
using Proxy.Diagnostics;
using Proxy.Peeking.Detectors;
using Proxy.Peeking.Hello;

namespace Proxy.Peeking;

/// <summary>
/// Examines the first bytes of clients, as far as routes ask and no further, and gives them back to the connection: whoever handles it reads them first.
/// What was found out is a feature of the connection, <see cref="ConnectionFacts"/>.
/// </summary>
/// <param name="plan">What the routes ask.</param>
/// <param name="judge">Tells what is needed to choose a route for a client, whose address is null if it has none.</param>
/// <param name="buffers">Provides the memory of the bytes.</param>
/// <param name="time">Measures the time limit.</param>
/// <param name="next">Chooses the route.</param>
internal sealed class PeekingMiddleware(
    PeekPlan plan,
    Func<IPAddress?, ConnectionFacts, PeekNeed> judge,
    BufferPool buffers,
    TimeProvider time,
    ConnectionDelegate next
)
{
    /// <summary>Handles one connection.</summary>
    /// <returns>A task that completes when the connection has ended.</returns>
    public async Task OnConnectionAsync(ConnectionContext connection)
    {
        var facts = new ConnectionFacts(plan);
        var client = (connection.RemoteEndPoint as IPEndPoint)?.Address;
        if (judge(client, facts) != PeekNeed.Nothing)
        {
            if (await PeekAsync((TcpConnection)connection, client, facts) is { } failure)
            {
                ConnectionRecord.Of(connection).Close(failure);
                return;
            }

            Publish(facts, (TcpConnection)connection);
        }

        connection.Features.Set(facts);
        await next(connection);
    }

    // Returns the outcome of a connection that ends here.
    private async Task<ConnectionOutcome?> PeekAsync(TcpConnection connection, IPAddress? client, ConnectionFacts facts)
    {
        var ahead = connection.TakeAhead() ?? new ReadAhead(buffers);
        using var deadline = new CancellationTokenSource(plan.Timeout, time);
        try
        {
            var stream = connection.OpenStream() ?? throw new InvalidOperationException("The connection was read already.");
            facts.Examine(ahead.Bytes);
            while (judge(client, facts) is var need and not PeekNeed.Nothing)
            {
                if (need == PeekNeed.Answer)
                {
                    await stream.WriteAsync(facts.AnswerPostgres(), deadline.Token);
                    ahead.Skip(PostgresRequests.AskLength);
                }
                else if (!await ahead.ReceiveAsync(stream, deadline.Token))
                {
                    if (ahead.IsOutOfMemory)
                    {
                        return ConnectionOutcome.LimitExceeded; // no memory; its route cannot be guessed
                    }

                    facts.End();
                    break;
                }

                facts.Examine(ahead.Bytes);
            }

            return null;
        }
        catch (OperationCanceledException)
        {
            facts.End(hasTimedOut: true);
            return null;
        }
        catch (Exception exception) when (exception is IOException or SocketException or ObjectDisposedException)
        {
            return ConnectionOutcome.ClientReset;
        }
        finally
        {
            connection.Unread(ahead);
        }
    }

    private static void Publish(ConnectionFacts facts, TcpConnection connection)
    {
        if (facts.IsPostgresOverTls)
        {
            connection.Preamble = PostgresPreamble.Instance;
        }

        if (facts.Hello is { } hello)
        {
            connection.Features.Set<IClientHelloFeature>(hello);
            ConnectionRecord.Of(connection).SetHello(hello.ServerName, hello.AlpnProtocols);
        }
    }
}
