using Proxy.Peeking;

namespace Proxy.Routes;

/// <summary>The route of a client, or what is needed to choose it.</summary>
/// <param name="Need">What is needed; nothing if the route is chosen.</param>
/// <param name="RouteId">The id of the route; null if none takes the client.</param>
/// <param name="NeedsCertificate">
/// Whether that route takes some clients by their certificate, so that its handshake has to precede the choice.
/// </param>
internal readonly record struct RouteDecision(PeekNeed Need, string? RouteId, bool NeedsCertificate = false);
