using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Proxy.Channels;
using Proxy.Channels.Membership;
using Proxy.Channels.Monitoring;
using Proxy.Configuration.Channels;
using Proxy.Connections;
using Proxy.Connections.Linux;
using Proxy.Connections.Sockets;
using Proxy.Core.Tests.Channels.Tunnel;
using Proxy.Diagnostics;
using Proxy.Forwarding;
using Proxy.Listeners;
using Proxy.Timing;

namespace Proxy.Core.Tests.Channels;

/// <summary>One instance of a group: its own listeners, tracker and tunnel, in the process of the test.</summary>
internal sealed class ChannelInstance : IAsyncDisposable
{
    private static int _rounds;

    private readonly string _state;
    private readonly BufferPool _buffers = new();
    private readonly DeadlineClock _clock = new(TimeProvider.System);
    private readonly ServiceProvider _services;
    private readonly List<string> _errors = [];
    private readonly EventLoopGroup? _loops;
    private readonly bool _keepMembers;
    private bool _stopped;

    public ChannelInstance(
        ChannelsConfig config,
        NameLookup? lookup = null,
        string? state = null,
        IReadOnlyList<INotificationSink>? sinks = null,
        IReadOnlyList<IMembershipProvider>? providers = null,
        TimeProvider? time = null,
        ILoggerProvider? logs = null,
        EventLoopGroup? loops = null
    )
    {
        _loops = loops;
        _keepMembers = state is not null;
        _state = state ?? Path.Combine(Path.GetTempPath(), $"channels-{Guid.NewGuid():N}.json");
        Config = config with { Loopback = config.Loopback with { StateFile = _state } };
        _services = Build(lookup, sinks ?? [], providers ?? [], time ?? TimeProvider.System, logs ?? NullLoggerProvider.Instance);
        Host = _services.GetRequiredService<ChannelHost>();
        Monitor.Error += (_, error) =>
        {
            lock (_errors)
            {
                _errors.Add(error.Message);
            }
        };
    }

    public ChannelsConfig Config { get; private set; }

    public ChannelHost Host { get; }

    public ConnectionTracker Tracker { get; } = new();

    /// <summary>Its parts.</summary>
    public IServiceProvider Services => _services;

    public IChannelMonitor Monitor => Host.Monitor;

    public string Id => Config.Instance.Id;

    public IPAddress Ip => LocalAddress.OfInstance(Config.Instance)!;

    public IReadOnlyList<string> Errors
    {
        get
        {
            lock (_errors)
            {
                return [.. _errors];
            }
        }
    }

    /// <summary>An instance of the test's group with TLS.</summary>
    public static ChannelInstance Create(TestAuthority authority, string id, params (string Name, ChannelConfig Channel)[] items) =>
        new(Configure(authority, id, items));

    /// <summary>
    /// An instance on a clock that only the test advances, or on the system's clock. On the former, changes are told at once, since no time
    /// passes in which they would be gathered; and a stop waits for open tunnels until the test lets time pass.
    /// </summary>
    public static ChannelInstance CreateOn(ManualTime? time, ChannelsConfig config)
    {
        var atOnce = new ChannelNotifyConfig
        {
            Debounce = new() { Min = TimeSpan.Zero, Max = TimeSpan.Zero },
        };
        return new(time is null ? config : config with { Notify = atOnce }, time: time);
    }

    public static ChannelsConfig Configure(TestAuthority authority, string id, params (string Name, ChannelConfig Channel)[] items) =>
        new()
        {
            Group = TestAuthority.Group,
            Instance = new() { Id = id },
            Tunnel = authority.Tunnel(id),
            Items = items.ToDictionary(static item => item.Name, static item => item.Channel),
            Notify = new()
            {
                Debounce = new() { Min = TimeSpan.FromMilliseconds(10), Max = TimeSpan.FromMilliseconds(100) },
            },
        };

    public Task StartAsync() => Host.StartAsync(CancellationToken.None);

    /// <summary>Edits its configuration, and waits until that is applied.</summary>
    public async Task UseAsync(ChannelsConfig config)
    {
        Config = config with { Loopback = Config.Loopback };
        Host.Update(Config);
        var (wanted, reconciler) = (_services.GetRequiredService<CurrentChannels>(), _services.GetRequiredService<ChannelReconciler>());
        await Eventually.TrueAsync(() => ReferenceEquals(reconciler.Applied, wanted.Config));
    }

    /// <summary>Tells instances about each other.</summary>
    public static async Task JoinAsync(params ChannelInstance[] instances)
    {
        var members = instances.ToDictionary(
            static instance => instance.Id,
            static instance => new ChannelMemberConfig { Address = instance.Host.TunnelAddress!.ToString() }
        );
        foreach (var instance in instances)
        {
            await instance.UseAsync(instance.Config with { Membership = new() { Members = members } });
        }
    }

    /// <summary>Waits until a channel's told state is as a test needs it.</summary>
    public async Task<ChannelState> StateAsync(string channel, Func<ChannelState, bool> fact)
    {
        await Eventually.TrueAsync(() => Monitor.Current.TryGetValue(channel, out var state) && fact(state));
        return Monitor.Current[channel];
    }

    /// <summary>Waits until it has compared what is wanted with what is there, after now: what it publishes of itself arrives after that.</summary>
    public async Task ReconciledAsync(ChannelInstance peer)
    {
        for (var round = 0; round < 2; round++)
        {
            var name = $"none{Interlocked.Increment(ref _rounds)}";
            var served = new ChannelConfig
            {
                Type = ChannelType.Reply,
                Connector = name,
                Port = 1,
                Ready = ReadyCheck.None,
            };
            await UseAsync(Config with { Items = new Dictionary<string, ChannelConfig>(Config.Items) { [name] = served } });
            await Eventually.TrueAsync(() => peer.Host.Members.Known.GetValueOrDefault(Id)?.Find(name) is not null);
        }
    }

    /// <summary>The one connection that is open here, once its upstream is connected.</summary>
    public async Task<ConnectionRecord> ConnectionAsync()
    {
        ConnectionRecord? only = null;
        await Eventually.TrueAsync(() =>
        {
            only = Tracker.Open.ToList() is [{ WasConnected: true } one] ? one : null;
            return only is not null;
        });
        return only!;
    }

    public async Task StopAsync()
    {
        if (!_stopped)
        {
            _stopped = true;
            await Host.StopAsync();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        await _services.DisposeAsync();
        _clock.Dispose();
        File.Delete(_state);
        if (!_keepMembers)
        {
            File.Delete(Path.ChangeExtension(_state, ".members"));
        }
    }

    private ServiceProvider Build(
        NameLookup? lookup,
        IReadOnlyList<INotificationSink> sinks,
        IReadOnlyList<IMembershipProvider> providers,
        TimeProvider time,
        ILoggerProvider logs
    )
    {
        IConnectionListenerFactory transport = _loops is null
            ? new SocketTransportFactory(_buffers, _clock, TimeProvider.System)
            : new EpollTransportFactory(new(_loops, _buffers));
        IConnectionFactory dialer = _loops is null
            ? new SocketConnectionFactory(_buffers, _clock, TimeProvider.System)
            : new EpollConnectionFactory(new(_loops, _buffers), TimeProvider.System);
        var services = new ServiceCollection()
            .AddMetrics()
            .AddLogging(logging => logging.AddProvider(logs))
            .AddSingleton(time)
            .AddSingleton(Random.Shared)
            .AddSingleton(Tracker)
            .AddSingleton<ProxyMeter>()
            .AddSingleton<ProxyMetrics>()
            .AddSingleton(static _ => new AccessLog(null))
            .AddSingleton<TrackingMiddleware>()
            .AddSingleton(new Relay(_clock))
            .AddSingleton(new ConnectionDrain(_clock))
            .AddSingleton<ForwardDependencies>()
            .AddSingleton(dialer)
            .AddSingleton(new ListenerManager(new OwnLoopback(transport), TimeProvider.System, NullLogger<ListenerManager>.Instance))
            .AddSingleton(new CurrentChannels(Config))
            .AddSingleton(lookup ?? Dns.GetHostAddressesAsync);
        sinks.ToList().ForEach(sink => services.AddSingleton(sink));
        providers.ToList().ForEach(provider => services.AddSingleton(provider));
        return services.AddChannels().BuildServiceProvider();
    }

    /// <summary>Moves local addresses into a network of their own: on one machine the address of a member is taken by the member itself.</summary>
    private sealed class OwnLoopback(IConnectionListenerFactory inner) : IConnectionListenerFactory
    {
        public ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default) =>
            inner.BindAsync(Moved((ListenEndPoint)endpoint), cancellationToken);

        private static ListenEndPoint Moved(ListenEndPoint endPoint) =>
            endPoint.Address is IPEndPoint { Address: var ip, Port: var port }
            && ip.GetAddressBytes() is [127, 0, var high, var low]
            && !ip.Equals(IPAddress.Loopback)
                ? new ListenEndPoint(new IPEndPoint(new IPAddress([127, 77, high, low]), port))
                : endPoint;
    }
}
