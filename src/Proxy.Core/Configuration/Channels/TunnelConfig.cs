using System.ComponentModel.DataAnnotations;
using System.Diagnostics.CodeAnalysis;
using Proxy.Configuration.Reading;

namespace Proxy.Configuration.Channels;

/// <summary>The connections between instances: mutual TLS, and HTTP/2 or one connection for each tunnel within it.</summary>
public sealed record TunnelConfig
{
    /// <summary>The address on which tunnels are accepted, such as https://0.0.0.0:15008.</summary>
    [SuppressMessage("Design", "CA1056", Justification = "As the user wrote it; * is no host of a URI.")]
    public string? Url { get; init; }

    /// <summary>The host and port at which other instances reach it; absent means the address of Url.</summary>
    public string? Advertise { get; init; }

    /// <summary>The certificate of this instance, which contains its identity.</summary>
    public CertificateConfig? Certificate { get; init; }

    /// <summary>A PEM file of the authorities whose certificates are trusted.</summary>
    public string? TrustBundle { get; init; }

    /// <summary>The trust domain of the identities.</summary>
    public string? TrustDomain { get; init; }

    /// <summary>The number of connections over which the tunnels to one instance are spread; more are opened when they are full.</summary>
    [Range(1, 16)]
    public int ConnectionsPerPeer { get; init; } = 1;

    /// <summary>
    /// What carries tunnels: a stream of a shared HTTP/2 connection, or a connection of its own, which is faster for large amounts of data. Needs https:// on
    /// both sides; instances that do not take such connections get streams.
    /// </summary>
    public TunnelCarriage Carriage { get; init; }

    /// <summary>The number of tunnels per HTTP/2 connection.</summary>
    [Range(1, 1024)]
    public int MaxStreamsPerConnection { get; init; } = 64;

    /// <summary>The number of tunnels that one instance may have open to this one.</summary>
    [Range(1, 1_000_000)]
    public int MaxTunnelsPerPeer { get; init; } = 10_000;

    /// <summary>The time limit for opening a tunnel, and for connecting to the local server behind it.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>The time without traffic after which a connection is checked by a ping.</summary>
    public TimeSpan PingDelay { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The time limit for the answer to a ping, after which the connection counts as lost.</summary>
    public TimeSpan PingTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long tunnels may continue when the host stops.</summary>
    [AllowZero]
    public TimeSpan DrainTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// Whether tunnels without TLS are allowed beyond this machine. Every program that reaches them can then claim to be any instance.
    /// </summary>
    public bool AllowInsecure { get; init; }
}
