using Microsoft.AspNetCore.Connections;
using Proxy.Connections;

namespace Proxy.Listeners;

/// <summary>A listener, as configured.</summary>
/// <param name="Key">The normalized address; for port 0 with the endpoint's id. Listeners with equal keys share one socket.</param>
/// <param name="EndPoint">The address to bind.</param>
/// <param name="Pipeline">The pipeline of its connections.</param>
internal sealed record ListenerSpec(string Key, ListenEndPoint EndPoint, ConnectionDelegate Pipeline)
{
    /// <summary>The name of its endpoint, for the log; by default the key.</summary>
    public string Name { get; init; } = Key;

    /// <summary>Its routes in words, for the log.</summary>
    public IReadOnlyList<string> Routes { get; init; } = [];
}
