using System.ComponentModel.DataAnnotations;

namespace Proxy.Configuration.Channels;

/// <summary>One instance's end of a connector.</summary>
public sealed record ChannelConfig
{
    /// <summary>The role of the legacy program.</summary>
    public ChannelType? Type { get; init; }

    /// <summary>The connector, the name that joins this channel with those of other instances.</summary>
    public string Connector { get; init; } = "";

    /// <summary>For Duplex: which sides this instance has.</summary>
    public DuplexMode? Mode { get; init; }

    /// <summary>The port of the legacy program.</summary>
    [Range(1, 65535)]
    public int? Port { get; init; }

    /// <summary>For Duplex: several ports.</summary>
    public IReadOnlyList<int>? Ports { get; init; }

    /// <summary>For Duplex: the first of a range of ports.</summary>
    [Range(1, 65535)]
    public int? MinPort { get; init; }

    /// <summary>For Duplex: the last of a range of ports.</summary>
    [Range(1, 65535)]
    public int? MaxPort { get; init; }

    /// <summary>For Request: what happens to clients while no member serves.</summary>
    public WhenEmpty WhenEmpty { get; init; }

    /// <summary>For Reply and Duplex: when the legacy server counts as ready.</summary>
    public ReadyCheck Ready { get; init; }

    /// <summary>
    /// For Ready Tcp: the time between two probes of a server that is ready; one that is not is probed every second at least. For OnDial: the
    /// first pause after failures, which doubles up to 30 s.
    /// </summary>
    public TimeSpan ReadyInterval { get; init; } = DefaultReadyInterval;

    /// <summary>
    /// The instances that may reach the server here: ids, * stands for any number of characters; absent means all members that take part in
    /// the connector themselves.
    /// </summary>
    public IReadOnlyList<string>? Allow { get; init; }

    /// <summary>
    /// The instances that may serve the clients here: ids, * stands for any number of characters; absent means every member that serves the
    /// connector.
    /// </summary>
    public IReadOnlyList<string>? Offer { get; init; }

    internal static TimeSpan DefaultReadyInterval { get; } = TimeSpan.FromSeconds(1);

    /// <summary>All its ports, in the configured order and without duplicates.</summary>
    internal IReadOnlyList<int> AllPorts =>
        Ports is { } ports ? [.. ports.Distinct()]
        : Port is { } port ? [port]
        : MinPort is { } first && MaxPort is { } last && first <= last ? [.. Enumerable.Range(first, last - first + 1)]
        : [];

    /// <summary>Whether it listens for local clients.</summary>
    internal bool Calls => Type == ChannelType.Request || (Type == ChannelType.Duplex && Mode != DuplexMode.Connect);

    /// <summary>Whether it connects to a local server.</summary>
    internal bool Serves => Type == ChannelType.Reply || (Type == ChannelType.Duplex && Mode != DuplexMode.Bind);
}
