using Proxy.Connections;
using Proxy.Peeking.Detectors;

namespace Proxy.Routes;

/// <summary>The services of what comes before routing.</summary>
/// <param name="Detectors">The protocols that are recognized by first bytes.</param>
/// <param name="Buffers">Provides the memory of first bytes.</param>
/// <param name="Time">Measures time limits.</param>
internal sealed record EdgeDependencies(DetectorRegistry Detectors, BufferPool Buffers, TimeProvider Time);
