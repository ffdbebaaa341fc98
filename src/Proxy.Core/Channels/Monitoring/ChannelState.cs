namespace Proxy.Channels.Monitoring;

/// <summary>The whole state of a channel. A consumer may miss any, and needs only the newest.</summary>
/// <param name="Channel">The channel's name.</param>
/// <param name="Connector">Its connector.</param>
/// <param name="Type">request, reply or duplex.</param>
public sealed record ChannelState(string Channel, string Connector, string Type)
{
    /// <summary>Grows with each change, across all channels.</summary>
    public long Version { get; init; }

    /// <summary>New at every start of the program: versions of another start cannot be compared.</summary>
    public string Boot { get; init; } = "";

    /// <summary>Whether the registry is away, so that this may be old.</summary>
    public bool Stale { get; init; }

    /// <summary>Whether local clients can connect.</summary>
    public bool Listening { get; init; }

    /// <summary>Request: where it listens; otherwise the address the local server has to listen on.</summary>
    public string? Ip { get; init; }

    /// <summary>The port; the first of several.</summary>
    public int Port { get; init; }

    /// <summary>One entry per member and port; the own instance is not among them.</summary>
    public IReadOnlyList<ChannelMemberState> Members { get; init; } = [];

    /// <summary>Members that were not in the state told before.</summary>
    public IReadOnlyList<string> Added { get; init; } = [];

    /// <summary>Members that were in the state told before.</summary>
    public IReadOnlyList<string> Removed { get; init; } = [];

    /// <summary>Whether another state says the same, whatever its version.</summary>
    internal bool SaysTheSame(ChannelState other) =>
        (Connector, Type, Stale, Listening, Ip, Port) == (other.Connector, other.Type, other.Stale, other.Listening, other.Ip, other.Port)
        && Members.SequenceEqual(other.Members);
}
