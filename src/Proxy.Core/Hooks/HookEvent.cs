using System.Net;

namespace Proxy.Hooks;

/// <summary>What a hook is told.</summary>
public sealed record HookEvent
{
    /// <summary>What happened: <c>activate</c>, <c>timeout</c> or <c>release</c>.</summary>
    public required string Name { get; init; }

    /// <summary>The id of the route it happened to.</summary>
    public required string Route { get; init; }

    /// <summary>The id of the picked destination; null when there is none.</summary>
    public string? Destination { get; init; }

    /// <summary>Where the picked destination is: an <see cref="IPEndPoint"/>, <see cref="DnsEndPoint"/> or unix socket.</summary>
    public EndPoint? Address { get; init; }

    /// <summary>The client it is about; null when there is none.</summary>
    public EndPoint? Client { get; init; }

    /// <summary>How many activations the route has had, this one included; counted from 1.</summary>
    public long Activation { get; init; }

    /// <summary>Whether it is the first activation after a timeout.</summary>
    public bool AfterTimeout { get; init; }
}
