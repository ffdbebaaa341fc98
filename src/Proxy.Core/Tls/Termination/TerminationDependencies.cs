using Proxy.Connections;
using Proxy.Tls.Certificates;

namespace Proxy.Tls.Termination;

/// <summary>The services that all routes which terminate TLS share.</summary>
/// <param name="Certificates">The certificates and authorities.</param>
/// <param name="Gates">Limit handshakes.</param>
/// <param name="Metrics">Count them.</param>
/// <param name="Buffers">Provides the memory of ClientHellos.</param>
/// <param name="Time">Measures time limits.</param>
/// <param name="Logs">Receive a line about handshakes that fail.</param>
internal sealed record TerminationDependencies(
    CertificateStore Certificates,
    HandshakeGates Gates,
    TlsMetrics Metrics,
    BufferPool Buffers,
    TimeProvider Time,
    HandshakeLogs Logs
);
