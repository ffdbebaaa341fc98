using Proxy.Configuration.Clusters;
using Proxy.Configuration.Multiplexing;
using Proxy.Multiplexing.Framing;

namespace Proxy.Multiplexing;

/// <summary>How a session uses its destination.</summary>
/// <param name="Cluster">The section of the cluster: how it is dialed and balanced.</param>
/// <param name="Framer">The framer of the destination; the same object while its configuration is unchanged.</param>
internal sealed record UpstreamSettings(ClusterSection Cluster, IMessageFramer Framer)
{
    /// <summary>The cluster's section Multiplex; when it changes, the upstream connections are renewed.</summary>
    public ClusterMultiplexConfig Multiplex { get; } = Cluster.Multiplex ?? new();

    /// <summary>How TLS begins; when it changes, the upstream connections are renewed, so that none stays less protected than is configured.</summary>
    public string? Tls { get; } = Cluster.Tcp.Tls?.ToText();

    public LateReply LateReply => Multiplex.LateReply ?? (Framer.Correlation is null ? LateReply.Reconnect : LateReply.Discard);

    /// <summary>Whether to connect before there is a client.</summary>
    public bool ConnectsAlways => Multiplex.Connect == MultiplexConnect.Always;

    /// <summary>How replies are shared between clients.</summary>
    public ReplySharing Sharing { get; } = Framer.Rules.SharingOf(Cluster.Multiplex ?? new());

    /// <summary>Recognizes messages that the destination begins by itself; null if there are none.</summary>
    public MessagePattern? Unsolicited { get; } =
        Cluster.Multiplex?.Unsolicited is { } unsolicited ? FramerFactory.CreatePattern(unsolicited.Offset, unsolicited.EqualTo) : null;

    /// <summary>Builds settings; takes the framer of earlier ones if its configuration is unchanged.</summary>
    public static UpstreamSettings Create(ClusterSection cluster, FramerRegistry framers, UpstreamSettings? earlier)
    {
        var multiplex = cluster.Multiplex ?? new();
        var isSame = earlier is not null && IsSameProtocol(multiplex, earlier.Multiplex);
        return new(cluster, isSame ? earlier!.Framer : CreateFramer(multiplex, framers));
    }

    private static bool IsSameProtocol(ClusterMultiplexConfig one, ClusterMultiplexConfig other) =>
        (one.Protocol, one.Framing, one.Correlation, one.NoReplyWhen, one.Length)
        == (other.Protocol, other.Framing, other.Correlation, other.NoReplyWhen, other.Length);

    private static IMessageFramer CreateFramer(ClusterMultiplexConfig config, FramerRegistry framers)
    {
        var framer =
            config.Protocol is { } name && framers.TryFind(name, out var known)
                ? known.For(config)
                : FramerFactory.Create(config.Framing ?? throw new ArgumentException("No framing is declared.", nameof(config)));
        return FramerFactory.Configure(framer, config.Correlation, config.NoReplyWhen);
    }
}
