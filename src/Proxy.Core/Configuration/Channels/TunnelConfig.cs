using System.ComponentModel.DataAnnotations;
using System.Diagnostics.CodeAnalysis;
using Proxy.Configuration.Reading;

namespace Proxy.Configuration.Channels;

/// <summary>How instances reach each other: HTTP/2 over mutual TLS.</summary>
public sealed record TunnelConfig
{
    /// <summary>Where tunnels are accepted, such as https://0.0.0.0:15008.</summary>
    [SuppressMessage("Design", "CA1056", Justification = "As the user wrote it; * is no host of a URI.")]
    public string? Url { get; init; }

    /// <summary>The host and port by which others reach it; absent means the address of Url.</summary>
    public string? Advertise { get; init; }

    /// <summary>The certificate of this instance, which names it.</summary>
    public CertificateConfig? Certificate { get; init; }

    /// <summary>A PEM file of the authorities whose certificates are believed.</summary>
    public string? TrustBundle { get; init; }

    /// <summary>The trust domain that identities belong to.</summary>
    public string? TrustDomain { get; init; }

    /// <summary>Connections that the tunnels to one instance are spread over; more are opened when they are full.</summary>
    [Range(1, 16)]
    public int ConnectionsPerPeer { get; init; } = 1;

    /// <summary>Tunnels that one connection carries.</summary>
    [Range(1, 1024)]
    public int MaxStreamsPerConnection { get; init; } = 64;

    /// <summary>Tunnels that one instance may have open here.</summary>
    [Range(1, 1_000_000)]
    public int MaxTunnelsPerPeer { get; init; } = 10_000;

    /// <summary>The longest that opening a tunnel, and connecting to the local server behind it, may take.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Silence of a connection before it is asked for a sign of life.</summary>
    public TimeSpan PingDelay { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long the answer may take before the connection counts as lost.</summary>
    public TimeSpan PingTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long tunnels may go on when the host stops.</summary>
    [AllowZero]
    public TimeSpan DrainTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Whether tunnels without TLS may leave this machine: every program that reaches them can then claim to be any instance.</summary>
    public bool AllowInsecure { get; init; }
}
