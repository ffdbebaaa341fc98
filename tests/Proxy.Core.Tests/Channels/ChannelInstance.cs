using System.Diagnostics.Metrics;
using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Proxy.Channels;
using Proxy.Channels.Membership;
using Proxy.Channels.Monitoring;
using Proxy.Configuration;
using Proxy.Connections;
using Proxy.Connections.Sockets;
using Proxy.Core.Tests.Channels.Tunnel;
using Proxy.Diagnostics;
using Proxy.Timing;

namespace Proxy.Core.Tests.Channels;

/// <summary>One instance of a group: its own listeners, tracker and tunnel, in the process of the test.</summary>
internal sealed class ChannelInstance : IAsyncDisposable
{
    private static int _rounds;

    private readonly string _state;
    private readonly BufferPool _buffers = new();
    private readonly DeadlineClock _clock = new(TimeProvider.System);
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly ProxyMetrics _metrics;
    private readonly AccessLog _log = new(null);
    private readonly List<string> _errors = [];
    private readonly bool _keepMembers;
    private bool _stopped;

    public ChannelInstance(
        ChannelsConfig config,
        NameLookup? lookup = null,
        string? state = null,
        IReadOnlyList<INotificationSink>? sinks = null,
        IReadOnlyList<IMembershipProvider>? providers = null
    )
    {
        _keepMembers = state is not null;
        _state = state ?? Path.Combine(Path.GetTempPath(), $"channels-{Guid.NewGuid():N}.json");
        Config = config with { Loopback = config.Loopback with { StateFile = _state } };
        _metrics = new ProxyMetrics(new ProxyMeter(_services.GetRequiredService<IMeterFactory>()), Tracker);
        var factory = new SocketTransportFactory(_buffers, _clock, TimeProvider.System);
        var tracking = new TrackingMiddleware(Tracker, _metrics, _log, TimeProvider.System, NullLogger<TrackingMiddleware>.Instance);
        var listeners = new LocalListeners(factory, TimeProvider.System, NullLogger<LocalListeners>.Instance);
        Services = new ChannelServices(
            (address, pipeline, token) => listeners.BindAsync(OfThisInstance(address), pipeline, token),
            new SocketConnectionFactory(_buffers, _clock, TimeProvider.System),
            new Relay(_clock),
            tracking,
            Tracker,
            new ChannelMetrics(new ProxyMeter(_services.GetRequiredService<IMeterFactory>())),
            sinks ?? [],
            providers ?? [],
            lookup ?? Dns.GetHostAddressesAsync,
            TimeProvider.System,
            Random.Shared,
            NullLoggerFactory.Instance
        );
        Host = new ChannelHost(Config, Services);
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

    /// <summary>What its parts are made with, to make one alone.</summary>
    public ChannelServices Services { get; }

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

    /// <summary>An instance of the test's group with TLS, on ports of the system's choice.</summary>
    public static ChannelInstance Create(TestAuthority authority, string id, params (string Name, ChannelConfig Channel)[] items) =>
        new(Configure(authority, id, items));

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

    public Task UseAsync(ChannelsConfig config) => Host.UseAsync(Config = config with { Loopback = Config.Loopback });

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
    public async Task<ChannelState> ToldAsync(string channel, Func<ChannelState, bool> fact)
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
            await Eventually.TrueAsync(() => peer.Host.Members.Known[Id].Find(name) is not null);
        }
    }

    /// <summary>The one connection of a kind that is open here.</summary>
    public async Task<ConnectionRecord> ConnectionAsync()
    {
        await Eventually.TrueAsync(() => Tracker.Count == 1 && Tracker.Open.Single().Connected > TimeSpan.Zero);
        return Tracker.Open.Single();
    }

    public async Task StopAsync()
    {
        if (!_stopped)
        {
            _stopped = true;
            await Host.StopAsync();
        }
    }

    // On one machine the address of a member is taken: by the member itself.
    private static IPEndPoint OfThisInstance(IPEndPoint address) =>
        address.Address.GetAddressBytes() is [127, 0, var high, var low] && !address.Address.Equals(IPAddress.Loopback)
            ? new(new IPAddress([127, 77, high, low]), address.Port)
            : address;

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        await Host.DisposeAsync();
        await _log.DisposeAsync();
        _metrics.Dispose();
        await _services.DisposeAsync();
        _clock.Dispose();
        File.Delete(_state);
        if (!_keepMembers)
        {
            File.Delete(Path.ChangeExtension(_state, ".members"));
        }
    }
}
