using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging;
using Proxy.Channels;
using Proxy.Channels.Membership;
using Proxy.Channels.Monitoring;
using Proxy.Clusters.Resolution;
using Proxy.Configuration;
using Proxy.Connections;
using Proxy.Diagnostics;
using Proxy.Listeners;

namespace Proxy;

/// <summary>The channels of this program, if it was started with any; where they listen and how they dial is its transport's matter.</summary>
internal sealed class ChannelRunner(
    Lazy<Revision> initial,
    LocalListeners listeners,
    IConnectionFactory dialer,
    Relay relay,
    TrackingMiddleware tracking,
    ConnectionTracker tracker,
    ChannelMetrics metrics,
    IEnumerable<ChannelStateSource> states,
    IEnumerable<IMembershipProvider> providers,
    TimeProvider time,
    Random random,
    ILoggerFactory logging
) : IAsyncDisposable
{
    private readonly Lazy<ChannelHost?> _host = new(() =>
        initial.Value.Config.Channels is { } config
            ? new ChannelHost(
                config,
                new(
                    listeners.BindAsync,
                    dialer,
                    relay,
                    tracking,
                    tracker,
                    metrics,
                    [.. states.Select(static state => state.Sink)],
                    [.. providers],
                    new LookupThreads(Dns.GetHostAddresses).LookUpAsync,
                    time,
                    random,
                    logging
                )
            )
            : null
    );
    private readonly Lazy<ChannelMonitor> _none = new(() => new ChannelMonitor("", "", time, logging.CreateLogger<ChannelRunner>()));

    /// <summary>What becomes of the channels; nothing where there are none.</summary>
    public IChannelMonitor Monitor => _host.Value?.Monitor ?? _none.Value;

    /// <summary>The channels as told, before the start none.</summary>
    public IReadOnlyDictionary<string, ChannelState> States =>
        _host is { IsValueCreated: true, Value: { } host } ? host.Monitor.Current : new Dictionary<string, ChannelState>();

    /// <summary>The members, before the start none.</summary>
    public MemberSet Members => _host is { IsValueCreated: true, Value: { } host } ? host.Members : MemberSet.None;

    /// <exception cref="BindException">The tunnel's address is taken.</exception>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        try
        {
            await (_host.Value?.StartAsync(cancellationToken) ?? Task.CompletedTask);
        }
        catch (IOException exception)
        {
            throw new BindException("Channels:Tunnel:Url", exception);
        }
    }

    /// <summary>Follows an edit; without the section there are no channels, and the tunnel stays.</summary>
    public Task UseAsync(ChannelsConfig? config) => _host.Value?.UseAsync(config ?? new ChannelsConfig()) ?? Task.CompletedTask;

    /// <summary>Takes a client of a route to a member that serves a connector.</summary>
    public Task RouteAsync(ConnectionContext client, string connector, RelayOptions options, KeepAlive keepAlive)
    {
        if (_host.Value is { } host)
        {
            return host.RouteAsync(client, connector, options, keepAlive);
        }

        // The section was added by an edit; it applies at the next start.
        ConnectionRecord.Of(client).Close(ConnectionOutcome.NoDestination);
        return Task.CompletedTask;
    }

    public Task StopAsync()
    {
        if (_host.Value is { } host)
        {
            return host.StopAsync();
        }

        _none.Value.OnClosed(); // whoever watches would hold up the stop
        return Task.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        if (_host is { IsValueCreated: true, Value: { } host })
        {
            await host.DisposeAsync();
        }
    }
}
