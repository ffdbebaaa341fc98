using System.Net;

namespace Proxy.Handover;

/// <summary>
/// What Kestrel listens on for connections of routes with Mode Http: a queue in this process, and no address. Its text is <see cref="Name"/>, so the
/// server's addresses contain <c>http://tcp-routes</c>, which no client can use.
/// </summary>
public sealed class HandoverEndPoint : EndPoint
{
    /// <summary>The host in the address that stands for it.</summary>
    public const string Name = "tcp-routes";

    internal HandoverEndPoint(HandoverQueue queue) => Queue = queue;

    internal HandoverQueue Queue { get; }

    /// <inheritdoc />
    public override string ToString() => Name;
}
