using System.IO.Pipelines;
using System.Net;
using Microsoft.AspNetCore.Connections;

namespace Proxy.Channels.Tunnel;

/// <summary>
/// The time from accepting a connection until its peer has said that it speaks HTTP/2 (RFC 9113, 3.4): one deadline, and a bound on the
/// connections in that time. Kestrel has a deadline for TLS alone, and waits for the preface as long as for the next request.
/// </summary>
internal sealed class TunnelGreeting : IDisposable
{
    /// <summary>How many connections of one address may not have greeted yet. A peer has one or a few, and tries again.</summary>
    public const int MostPerAddress = 128;

    /// <summary>How many connections of all addresses may not have greeted yet.</summary>
    public const int MostOfAll = 4096;

    private const int PrefaceLength = 24;

    private readonly KeyedLimit<IPAddress> _limit;
    private readonly IPAddress _address;
    private readonly CancellationTokenSource _late;
    private int _over;

    private TunnelGreeting(KeyedLimit<IPAddress> limit, IPAddress address, ConnectionContext connection, TimeSpan timeout)
    {
        (_limit, _address, _late) = (limit, address, new CancellationTokenSource(timeout, TimeProvider.System));
        _late.Token.UnsafeRegister(
            static late => ((ConnectionContext)late!).Abort(new ConnectionAbortedException("The peer did not greet in time.")),
            connection
        );
    }

    /// <summary>Null when too many peers have not greeted yet.</summary>
    public static TunnelGreeting? TryBegin(KeyedLimit<IPAddress> limit, ConnectionContext connection, TimeSpan timeout)
    {
        var address = (connection.RemoteEndPoint as IPEndPoint)?.Address ?? IPAddress.None;
        return limit.TryEnter(address) ? new TunnelGreeting(limit, address, connection, timeout) : null;
    }

    /// <summary>Waits for the preface and leaves it unread; false when the peer has gone, or was too late.</summary>
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
                    Dispose();
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

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _over, 1) == 0)
        {
            _late.Dispose();
            _limit.Leave(_address);
        }
    }
}
