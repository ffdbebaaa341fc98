using System.Diagnostics.CodeAnalysis;

namespace Proxy.Configuration;

/// <summary>The admin endpoint: health and metrics.</summary>
public sealed record AdminConfig
{
    /// <summary>Where: http and an IP address with port.</summary>
    [SuppressMessage("Design", "CA1056", Justification = "As the user wrote it.")]
    public string Url { get; init; } = "http://127.0.0.1:9099";

    /// <summary>The bearer token; required unless the address is loopback.</summary>
    public string? Token { get; init; }

    /// <summary>Not available yet.</summary>
    [NotAvailableYet]
    public object? AllowChanges { get; init; }

    /// <summary>Not available yet.</summary>
    [NotAvailableYet]
    public object? ClientCertificateAuthority { get; init; }
}
