using System.Collections.Concurrent;

namespace Proxy.Tls.Termination;

/// <summary>
/// The gates of all endpoints; their counts survive edits. Those of endpoints that are gone stay, since a client may be on its way into one, and endpoints
/// are few. Thread-safe.
/// </summary>
internal sealed class HandshakeGates
{
    private readonly ConcurrentDictionary<string, HandshakeGate> _gates = new(StringComparer.OrdinalIgnoreCase);
    private volatile HashSet<string> _limited = [];

    /// <summary>The gates that are in use: of endpoints that terminate TLS, or whose last handshakes are under way.</summary>
    public IEnumerable<HandshakeGate> All => _gates.Values.Where(gate => _limited.Contains(gate.EndpointId) || gate.Count is not (0, 0));

    /// <summary>The gate of an endpoint.</summary>
    public HandshakeGate Of(string endpointId) => _gates.GetOrAdd(endpointId, static id => new(id));

    /// <summary>Sets the limits of the endpoints that terminate TLS from now on.</summary>
    public void Apply(IReadOnlyDictionary<string, int> limits)
    {
        _limited = limits.Keys.ToHashSet(StringComparer.OrdinalIgnoreCase);
        foreach (var (id, limit) in limits)
        {
            Of(id).Limit(limit);
        }
    }
}
