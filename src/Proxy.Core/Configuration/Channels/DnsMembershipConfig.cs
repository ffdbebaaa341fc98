using System.ComponentModel.DataAnnotations;

namespace Proxy.Configuration.Channels;

/// <summary>A DNS name whose addresses are the members; each is queried for its id.</summary>
public sealed record DnsMembershipConfig
{
    /// <summary>The name, for example of a headless service of Kubernetes.</summary>
    public string Name { get; init; } = "";

    /// <summary>The port of every member's tunnel.</summary>
    [Range(1, 65535)]
    public int Port { get; init; } = 15008;

    /// <summary>How often the name is resolved.</summary>
    public TimeSpan Refresh { get; init; } = TimeSpan.FromSeconds(5);
}
