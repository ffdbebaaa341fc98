using System.ComponentModel.DataAnnotations;

namespace Proxy.Configuration.Channels;

/// <summary>The identity of an instance.</summary>
public sealed record ChannelInstanceConfig
{
    /// <summary>The id, unique in the group; the number after its last _ or - chooses the local address.</summary>
    public string Id { get; init; } = "";

    /// <summary>What it does in the group.</summary>
    public string? Role { get; init; }

    /// <summary>Where it is: members of the own zone are preferred.</summary>
    public string? Zone { get; init; }

    /// <summary>The number that chooses the local address, instead of the one in the id.</summary>
    [Range(0, 65532)]
    public int? Ordinal { get; init; }
}
