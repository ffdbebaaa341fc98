namespace Proxy.Channels.Monitoring;

/// <summary>The complete state of a channel. A consumer that has missed some only needs the newest.</summary>
/// <param name="Channel">The channel's name.</param>
/// <param name="Connector">Its connector.</param>
/// <param name="Type">The type in lower case: request, reply or duplex.</param>
public sealed record ChannelState(string Channel, string Connector, string Type)
{
    /// <summary>Grows with each change, across all channels.</summary>
    public long Version { get; init; }

    /// <summary>A value that is new at every start of the program; versions of different starts cannot be compared.</summary>
    public string Boot { get; init; } = "";

    /// <summary>Whether the registry of members is unreachable, so that this state may be out of date.</summary>
    public bool Stale { get; init; }

    /// <summary>Whether local clients can connect.</summary>
    public bool Listening { get; init; }

    /// <summary>
    /// The address where a Request channel listens; for other types, the address on which the local server has to listen.
    /// </summary>
    public string? Ip { get; init; }

    /// <summary>The port; if there are several, the first.</summary>
    public int Port { get; init; }

    /// <summary>One entry per member and port, without this instance.</summary>
    public IReadOnlyList<ChannelMemberState> Members { get; init; } = [];

    /// <summary>The ids of members that the state which this reader or sink acknowledged last did not have.</summary>
    public IReadOnlyList<string> Added { get; init; } = [];

    /// <summary>The ids of members that the state which this reader or sink acknowledged last had and this one does not have.</summary>
    public IReadOnlyList<string> Removed { get; init; } = [];

    /// <summary>Whether another state has the same content, apart from version, added and removed members.</summary>
    internal bool SaysTheSame(ChannelState other) =>
        (Connector, Type, Stale, Listening, Ip, Port) == (other.Connector, other.Type, other.Stale, other.Listening, other.Ip, other.Port)
        && Members.SequenceEqual(other.Members);
}
