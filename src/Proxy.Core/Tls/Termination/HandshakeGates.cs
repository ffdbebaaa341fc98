using System.Collections.Concurrent;

namespace Proxy.Tls.Termination;

/// <summary>The gates of all endpoints; their counts survive edits. Thread-safe.</summary>
internal sealed class HandshakeGates
{
    private readonly ConcurrentDictionary<string, HandshakeGate> _gates = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>The gates.</summary>
    public IEnumerable<HandshakeGate> All => _gates.Values;

    /// <summary>The gate of an endpoint.</summary>
    public HandshakeGate Of(string endpointId) => _gates.GetOrAdd(endpointId, static id => new(id));

    /// <summary>Sets the limits of the endpoints that terminate TLS from now on.</summary>
    public void Apply(IReadOnlyDictionary<string, int> limits)
    {
        foreach (var (id, limit) in limits)
        {
            Of(id).Limit(limit);
        }

        foreach (var (id, gate) in _gates.Where(pair => !limits.ContainsKey(pair.Key)))
        {
            if (gate.Count is (0, 0))
            {
                _gates.TryRemove(id, out _);
            }
        }
    }
}
