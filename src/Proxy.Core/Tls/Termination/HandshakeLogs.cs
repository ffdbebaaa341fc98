using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Proxy.Tls.Termination;

/// <summary>The lines about the handshakes of all routes; how often they are written survives edits. Thread-safe.</summary>
internal sealed class HandshakeLogs(TimeProvider time, ILogger<TlsTerminator> logger)
{
    private readonly ConcurrentDictionary<string, HandshakeLog> _logs = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>That of a route.</summary>
    public HandshakeLog Of(string routeId) => _logs.GetOrAdd(routeId, id => new(id, time, logger));

    /// <summary>Forgets the routes that terminate TLS no longer.</summary>
    public void Keep(IReadOnlySet<string> routes)
    {
        foreach (var id in _logs.Keys.Where(id => !routes.Contains(id)))
        {
            _logs.TryRemove(id, out _);
        }
    }
}
