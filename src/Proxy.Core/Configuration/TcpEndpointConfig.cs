using System.ComponentModel.DataAnnotations;

namespace Proxy.Configuration;

/// <summary>Where we listen.</summary>
public sealed record TcpEndpointConfig
{
    /// <summary>One or more of: ip:port, [v6]:port, *:port, localhost:port, ip:first-last, unix:/path.</summary>
    public IReadOnlyList<string> Address { get; init; } = [];

    /// <summary>Connections the kernel holds before they are accepted.</summary>
    [Range(1, 65535)]
    public int Backlog { get; init; } = 4096;

    /// <summary>The most connections at once; null for no limit.</summary>
    [AllowNone, Range(1, int.MaxValue)]
    public int? MaxConnections { get; init; }

    /// <summary>The time for the bytes a route chooses by.</summary>
    public TimeSpan PeekTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Not available yet.</summary>
    [NotAvailableYet]
    public object? ProxyProtocol { get; init; }
}
