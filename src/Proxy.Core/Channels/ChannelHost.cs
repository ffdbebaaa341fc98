using System.Net;
using Proxy.Channels.Membership;
using Proxy.Channels.Monitoring;
using Proxy.Channels.Tunnel;
using Proxy.Configuration.Channels;
using Proxy.Listeners;

namespace Proxy.Channels;

/// <summary>
/// Starts and stops the channels of an instance; in between, <see cref="ChannelReconciler"/> applies what changes. Does nothing if the
/// program was started without the section Channels.
/// </summary>
internal sealed class ChannelHost(
    CurrentChannels channels,
    OwnAddress address,
    TunnelServer server,
    TunnelTrust trust,
    Announcement announcement,
    GroupMembers members,
    ChannelReconciler reconciler,
    ReadyProbe probe,
    CallListeners listeners,
    ConnectionCutter cutter,
    ChannelReport report,
    ChannelMonitor monitor,
    ChannelNotifier notifier,
    TimeProvider time
) : IAsyncDisposable
{
    private static readonly TimeSpan _silenceLimit = TimeSpan.FromSeconds(6);

    private readonly CancellationTokenSource _ending = new();
    private Task[] _running = [];

    /// <summary>Reports what happens to the channels.</summary>
    public IChannelMonitor Monitor => monitor;

    /// <summary>The address that the tunnel is bound to; null before the start.</summary>
    public IPEndPoint? TunnelAddress { get; private set; }

    /// <summary>The members of the group that this instance knows.</summary>
    public MemberSet Members => members.Current;

    /// <summary>Binds the tunnel, joins the group and starts the loops that follow members, readiness and edits.</summary>
    /// <exception cref="BindException">
    /// The tunnel's address is in use, its certificates cannot be read, or no local address could be claimed.
    /// </exception>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        if (!channels.IsStarted)
        {
            return;
        }

        await address.ClaimAsync(cancellationToken);
        try
        {
            trust.Review();
            TunnelAddress = await server.StartAsync(cancellationToken);
        }
        catch (IOException exception)
        {
            throw new BindException("Channels:Tunnel:Url", exception);
        }

        monitor.Start();
        await notifier.ApplyAsync(channels.Config.Notify);
        await members.StartAsync(announcement.First(TunnelAddress.ToString()));
        _running = [members.RunAsync(_ending.Token), reconciler.RunAsync(_ending.Token), probe.RunAsync(_ending.Token)];
    }

    /// <summary>
    /// Takes an edited section, which the reconciler applies soon; this cannot fail. Null removes all channels; the tunnel stays.
    /// </summary>
    public void Update(ChannelsConfig? config) => channels.Update(config);

    /// <summary>
    /// Stops in this order: notifies local programs and peers that it takes no new connections, stops accepting, drains open tunnels,
    /// leaves the group.
    /// </summary>
    public async Task StopAsync()
    {
        if (!channels.IsStarted)
        {
            monitor.OnClosed(); // ends the streams of readers, which would delay the stop
            return;
        }

        using var limit = new CancellationTokenSource(channels.Config.Tunnel.DrainTimeout, time);
        if (_running.Length > 0)
        {
            await reconciler.StopAsync().WaitAsync(_silenceLimit, time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        await server.StopAsync(cutter.DrainAsync(limit.Token));
        await _ending.CancelAsync();
        await Task.WhenAll(_running).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await members.LeaveAsync();
        await listeners.DisposeAsync();
        await report.FinishAsync();
        await notifier.FinishAsync(channels.Config.Notify);
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync();
        await Task.WhenAll(_running).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _ending.Dispose();
    }
}
