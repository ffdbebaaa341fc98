using System.Diagnostics.Metrics;
using Proxy.Diagnostics;

namespace Proxy.Tls.Termination;

/// <summary>The metrics of the places for handshakes.</summary>
internal sealed class HandshakeMetrics
{
    private readonly HandshakeGates _gates;

    public HandshakeMetrics(ProxyMeter meter, HandshakeGates gates)
    {
        _gates = gates;
        meter.Instruments.CreateObservableUpDownCounter(
            "proxy.tls.handshakes.running",
            () => Observe(static gate => gate.Count.Running),
            "{handshake}",
            "TLS handshakes with clients that are under way."
        );
        meter.Instruments.CreateObservableUpDownCounter(
            "proxy.tls.handshakes.waiting",
            () => Observe(static gate => gate.Count.Waiting),
            "{handshake}",
            "Clients that wait for MaxConcurrentHandshakes."
        );
    }

    private IEnumerable<Measurement<int>> Observe(Func<HandshakeGate, int> count) =>
        _gates.All.Select(gate => new Measurement<int>(
            count(gate),
            new KeyValuePair<string, object?>("proxy.endpoint_id", gate.EndpointId)
        ));
}
