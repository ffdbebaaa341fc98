using System.ComponentModel.DataAnnotations;
using System.Text.Json;

namespace Proxy.Configuration;

/// <summary>A destination.</summary>
public sealed record DestinationSection
{
    /// <summary>tcp://host:port, unix:/path, or http(s) for HTTP routes.</summary>
    public string? Address { get; init; }

    /// <summary>Another address for health checks.</summary>
    public string? Health { get; init; }

    /// <summary>The Host header of HTTP requests.</summary>
    public string? Host { get; init; }

    /// <summary>Its share; 0 takes none.</summary>
    [Range(0, 256)]
    public int Weight { get; init; } = 1;

    /// <summary>Used only while no other is available.</summary>
    public bool Backup { get; init; }

    /// <summary>Free.</summary>
    public JsonElement? Metadata { get; init; }
}
