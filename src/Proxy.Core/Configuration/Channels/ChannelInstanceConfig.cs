using System.ComponentModel.DataAnnotations;

namespace Proxy.Configuration.Channels;

/// <summary>The identity of an instance.</summary>
public sealed record ChannelInstanceConfig
{
    /// <summary>The id, unique in the group. The number after its last _ or - determines the local address.</summary>
    public string Id { get; init; } = "";

    /// <summary>The role of the instance in the group, shown to operators.</summary>
    public string? Role { get; init; }

    /// <summary>The location of the instance; members of the same zone are preferred.</summary>
    public string? Zone { get; init; }

    /// <summary>The number that determines the local address, instead of the one in the id.</summary>
    [Range(0, 65532)]
    public int? Ordinal { get; init; }
}
