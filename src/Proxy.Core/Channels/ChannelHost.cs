using System.Net;
using Proxy.Channels.Membership;
using Proxy.Channels.Monitoring;
using Proxy.Channels.Tunnel;
using Proxy.Configuration.Channels;
using Proxy.Listeners;

namespace Proxy.Channels;

/// <summary>Starts and stops the channels of an instance; what they are meanwhile is the reconciler's. Without the section Channels it does nothing.</summary>
internal sealed class ChannelHost(
    CurrentChannels channels,
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

    /// <summary>Tells what becomes of the channels.</summary>
    public IChannelMonitor Monitor => monitor;

    /// <summary>Where the tunnel is bound; null before the start.</summary>
    public IPEndPoint? TunnelAddress { get; private set; }

    /// <summary>The members as this instance knows them.</summary>
    public MemberSet Members => members.Current;

    /// <summary>Binds the tunnel, joins the group and begins to work.</summary>
    /// <exception cref="BindException">The tunnel's address is taken, or its certificates cannot be read.</exception>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        if (!channels.IsStarted)
        {
            return;
        }

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
        await notifier.UseAsync(channels.Config.Notify);
        await members.StartAsync(announcement.First(TunnelAddress.ToString()));
        _running = [members.RunAsync(_ending.Token), reconciler.RunAsync(_ending.Token), probe.RunAsync(_ending.Token)];
    }

    /// <summary>Takes an edit, which is applied soon; it cannot fail. Without the section there are no channels, and the tunnel stays.</summary>
    public void Use(ChannelsConfig? config) => channels.Use(config);

    /// <summary>Tells that it takes nothing new, and then takes nothing; drains what is open, and leaves.</summary>
    public async Task StopAsync()
    {
        if (!channels.IsStarted)
        {
            monitor.OnClosed(); // a reader of the monitor would hold up the stop
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
