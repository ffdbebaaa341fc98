using System.IO.Pipelines;
using System.Net;
using Microsoft.AspNetCore.Connections;

namespace Proxy.Channels.Tunnel;

/// <summary>
/// The time from accepting a connection until its peer has sent the HTTP/2 preface (RFC 9113, 3.4), or has proven its identity where nothing else follows: one
/// deadline, and a limit on the connections in that phase. Kestrel has a deadline for TLS only, and waits for the preface as long as for the next request.
/// </summary>
internal sealed class TunnelGreeting : IDisposable
{
    /// <summary>The limit of connections without a preface from one address; above it the oldest is dropped.</summary>
    public const int MostPerAddress = 128;

    /// <summary>The limit of connections without a preface from all addresses, but for those from which a peer has greeted before.</summary>
    public const int MostOfAll = 4096;

    private const int PrefaceLength = 24;

    private readonly GreetingLimit _limit;
    private readonly IPAddress _address;
    private readonly LinkedListNode<Action> _place;
    private readonly CancellationTokenSource _late;
    private int _over;

    private TunnelGreeting(
        GreetingLimit limit,
        IPAddress address,
        LinkedListNode<Action> place,
        ConnectionContext connection,
        TimeSpan timeout
    )
    {
        (_limit, _address, _place, _late) = (limit, address, place, new CancellationTokenSource(timeout, TimeProvider.System));
        _late.Token.UnsafeRegister(
            static late => ((ConnectionContext)late!).Abort(new ConnectionAbortedException("The peer did not greet in time.")),
            connection
        );
    }

    /// <summary>Begins the phase for a connection; null if the limit is reached.</summary>
    public static TunnelGreeting? TryBegin(GreetingLimit limit, ConnectionContext connection, TimeSpan timeout)
    {
        var address = (connection.RemoteEndPoint as IPEndPoint)?.Address ?? IPAddress.None;
        var place = limit.TryEnter(
            address,
            () => connection.Abort(new ConnectionAbortedException("Too many peers at its address have not greeted yet."))
        );
        return place is null ? null : new TunnelGreeting(limit, address, place, connection, timeout);
    }

    /// <summary>Waits for the preface and leaves it unread. False if the peer has gone or the deadline has passed.</summary>
    public async Task<bool> IsCompleteAsync(PipeReader input)
    {
        try
        {
            while (await input.ReadAsync(_late.Token) is { IsCompleted: false, IsCanceled: false } read)
            {
                var complete = read.Buffer.Length >= PrefaceLength;
                input.AdvanceTo(read.Buffer.Start, complete ? read.Buffer.Start : read.Buffer.End);
                if (complete)
                {
                    End(greeted: true);
                    return true;
                }
            }

            return false;
        }
        catch (Exception exception) when (exception is IOException or OperationCanceledException)
        {
            return false;
        }
    }

    public void Dispose() => End(greeted: false);

    /// <summary>Ends the phase, if it has not ended.</summary>
    /// <param name="greeted">Whether the peer has greeted.</param>
    public void End(bool greeted)
    {
        if (Interlocked.Exchange(ref _over, 1) == 0)
        {
            _late.Dispose();
            _limit.Leave(_address, _place, greeted);
        }
    }
}
