using System.ComponentModel.DataAnnotations;

namespace Proxy.Configuration.Channels;

/// <summary>A name whose addresses are the members: each is asked for its id.</summary>
public sealed record DnsMembershipConfig
{
    /// <summary>The name; a headless service of Kubernetes, say.</summary>
    public string Name { get; init; } = "";

    /// <summary>The port of every member's tunnel.</summary>
    [Range(1, 65535)]
    public int Port { get; init; } = 15008;

    /// <summary>How often the name is looked up.</summary>
    public TimeSpan Refresh { get; init; } = TimeSpan.FromSeconds(5);
}
