using Proxy.Connections;

namespace Proxy.Handover;

/// <summary>The options of a route for the connections that it passes to Kestrel.</summary>
/// <param name="Deadlines">Their deadlines and bandwidth.</param>
/// <param name="DrainTimeout">How long they have after the longest duration; infinite lets them be.</param>
/// <param name="KeepAlive">TCP keep-alive.</param>
/// <param name="Names">The hosts that their requests may ask for; null for any.</param>
internal sealed record HandoverOptions(RelayOptions Deadlines, TimeSpan DrainTimeout, KeepAlive KeepAlive, ServedNames? Names = null);
