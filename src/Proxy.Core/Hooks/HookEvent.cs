using System.Net;

namespace Proxy.Hooks;

/// <summary>The event for which hooks run, as they receive it.</summary>
public sealed record HookEvent
{
    /// <summary>The kind of the event: <c>activate</c>, <c>timeout</c> or <c>release</c>.</summary>
    public required string Name { get; init; }

    /// <summary>The id of the route.</summary>
    public required string Route { get; init; }

    /// <summary>The id of the picked destination; null if there is none.</summary>
    public string? Destination { get; init; }

    /// <summary>
    /// The address of the picked destination: an <see cref="IPEndPoint"/>, <see cref="DnsEndPoint"/> or unix socket; null if there is none.
    /// </summary>
    public EndPoint? Address { get; init; }

    /// <summary>The address of the client; null if there is none.</summary>
    public EndPoint? Client { get; init; }

    /// <summary>The number of the route's activations, including this one; counted from 1.</summary>
    public long Activation { get; init; }

    /// <summary>Whether this is the first activation after a timeout.</summary>
    public bool AfterTimeout { get; init; }

    /// <summary>
    /// The fencing token of a lock with Scope Global: greater than those of all holders before. A service that refuses smaller ones is safe from a host that
    /// was frozen while it held the permit. Null for none.
    /// </summary>
    public long? FencingToken { get; init; }
}
