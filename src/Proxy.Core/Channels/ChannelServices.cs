using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging;
using Proxy.Channels.Membership;
using Proxy.Channels.Monitoring;
using Proxy.Connections;
using Proxy.Diagnostics;

namespace Proxy.Channels;

/// <summary>What channels are made with.</summary>
internal sealed record ChannelServices(
    LocalListener Bind,
    IConnectionFactory Dialler,
    Relay Relay,
    TrackingMiddleware Tracking,
    ConnectionTracker Tracker,
    ChannelMetrics Metrics,
    IReadOnlyList<INotificationSink> Sinks,
    IReadOnlyList<IMembershipProvider> Providers,
    NameLookup Lookup,
    TimeProvider Time,
    Random Random,
    ILoggerFactory Logging
);
