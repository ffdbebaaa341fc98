using System.Net;
using Microsoft.Extensions.Logging;

namespace Proxy.Tls.Termination;

/// <summary>Writes a line about handshakes of a route that fail: of each reason one, and then one a minute at most. Thread-safe.</summary>
internal sealed partial class HandshakeLog(string routeId, TimeProvider time, ILogger logger)
{
    private static readonly TimeSpan _pause = TimeSpan.FromMinutes(1);
    private readonly Lock _gate = new(); // guards _reasons
    private readonly Dictionary<TlsFailureReason, (long Since, long At)> _reasons = [];

    /// <summary>Reports a failure.</summary>
    /// <param name="client">The address of the client.</param>
    /// <param name="failure">Why.</param>
    public void Failed(EndPoint? client, HandshakeFailure failure)
    {
        long count;
        lock (_gate)
        {
            var isKnown = _reasons.TryGetValue(failure.Reason, out var last);
            count = last.Since + 1;
            if (isKnown && time.GetElapsedTime(last.At) < _pause)
            {
                _reasons[failure.Reason] = last with { Since = count };
                return;
            }

            _reasons[failure.Reason] = (0, time.GetTimestamp());
        }

        Log.Failed(logger, routeId, client, failure.Text, count);
    }

    private static partial class Log
    {
        [LoggerMessage(
            LogLevel.Warning,
            "Route {Route}: the TLS handshake with client {Client} failed: {Reason}; {Count} since the last line about it, of which there is one a minute at most."
        )]
        public static partial void Failed(ILogger logger, string route, EndPoint? client, string reason, long count);
    }
}
