using System.Net;

namespace Proxy.ProxyProtocol;

/// <summary>How an endpoint accepts headers.</summary>
/// <param name="IsRequired">Whether each connection has to begin with one.</param>
/// <param name="TrustedNetworks">The networks whose headers are believed; peers on unix sockets are trusted always.</param>
/// <param name="Timeout">The total time for a header.</param>
internal sealed record ProxyProtocolSettings(bool IsRequired, IReadOnlyList<IPNetwork> TrustedNetworks, TimeSpan Timeout);
