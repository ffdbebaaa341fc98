using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Proxy.Channels.Membership;
using Proxy.Channels.Monitoring;
using Proxy.Channels.Tunnel;
using Proxy.Configuration;
using Proxy.Connections;

namespace Proxy.Channels;

/// <summary>
/// Runs the channels of an instance: one loop compares what is wanted (configuration, members, readiness) with what is there, and
/// changes what differs. Everything else only signals it.
/// </summary>
internal sealed partial class ChannelHost : ITunnelService, IAsyncDisposable
{
    private const int MostReported = 1000;

    private static readonly TimeSpan _reviewInterval = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan _toldLimit = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan _silenceLimit = TimeSpan.FromSeconds(6);
    private static readonly DebounceConfig _atOnce = new() { Min = TimeSpan.Zero, Max = TimeSpan.Zero };

    private readonly ChannelServices _services;
    private readonly ILogger _logger;
    private readonly string _epoch = Guid.NewGuid().ToString("N");
    private readonly SemaphoreSlim _signal = new(0, 1);
    private readonly CancellationTokenSource _ending = new();
    private readonly TaskCompletionSource _silent = new(TaskCreationOptions.RunContinuationsAsynchronously); // nothing listens here any more
    private readonly HelloFeed _feed = new();
    private readonly MemberDirectory _members;
    private readonly TunnelConnectionFactory _tunnels;
    private readonly TunnelServer _server;
    private readonly TunnelCredentials? _credentials;
    private readonly ChosenMembership _membership;
    private readonly MemberFile _memberFile;
    private readonly ServeHandler _serve;
    private readonly CallHandler _call;
    private readonly CallListeners _listeners;
    private readonly ReadyProbe _probe;
    private readonly CallPlan _plan;
    private readonly ConnectionCutter _cutter;
    private readonly ChannelNotifier _notifier;
    private readonly HashSet<string> _reported = new(StringComparer.Ordinal);
    private volatile ChannelModel _model;
    private volatile bool _stopping;
    private GuardedMembership? _session;
    private MemberRecord? _published;
    private string _address = "";
    private bool _firstSet;
    private bool _wasReady;
    private int _credentialsVersion;
    private Task[] _running = [];

    public ChannelHost(ChannelsConfig config, ChannelServices services)
    {
        _services = services;
        _logger = services.Logging.CreateLogger<ChannelHost>();
        _model = Model(config);
        var tunnel = config.Tunnel;
        var secure = tunnel.Url!.StartsWith(Uri.UriSchemeHttps, StringComparison.OrdinalIgnoreCase);
        _credentials = secure ? new TunnelCredentials(tunnel, config.Group, _logger) : null;
        _credentialsVersion = _credentials?.Version ?? 0;
        _members = new MemberDirectory(config.Instance.Id, Address());
        _tunnels = new TunnelConnectionFactory(tunnel, _credentials, config.Instance.Id, _logger);
        _server = new TunnelServer(tunnel, _credentials, this, services.Logging);
        var hello = new HelloMembership(_feed, _tunnels, services.Lookup, services.Time, _logger);
        _membership = new ChosenMembership(hello, services.Providers, services.Time, _logger);
        _memberFile = new MemberFile(Path.ChangeExtension(config.Loopback.StateFile, ".members"), services.Time, _logger);
        _serve = new ServeHandler(
            () => _model,
            _members,
            services.Dialler,
            services.Relay,
            services.Tracking,
            services.Metrics,
            services.Time
        );
        var balancer = new MemberBalancer(config.Instance.Zone, services.Random);
        _call = new CallHandler(_tunnels, _members, balancer, services.Relay, services.Tracking, services.Metrics, services.Time);
        Monitor = new ChannelMonitor(_epoch, _model.BindIp.ToString(), services.Time, _logger);
        _listeners = new CallListeners(services.Bind, Monitor, services.Time);
        _probe = new ReadyProbe(() => _model, services.Time, Signal);
        _plan = new CallPlan(new LocalAddressBook(config.Loopback.StateFile, _logger));
        _cutter = new ConnectionCutter(services.Tracker, services.Time);
        _notifier = new ChannelNotifier(Monitor, services.Sinks, services.Metrics, services.Time, _logger);
        (services.Metrics.Members, services.Metrics.Channels) = (() => _members.Current, () => Monitor.Current.Values);
    }

    public ChannelMonitor Monitor { get; }

    /// <summary>Where the tunnel is bound.</summary>
    public IPEndPoint? TunnelAddress { get; private set; }

    /// <summary>The members as this instance knows them.</summary>
    public MemberSet Members => _members.Current;

    /// <summary>Binds the tunnel, joins the group and begins to work.</summary>
    /// <exception cref="IOException">The tunnel's address is taken.</exception>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        TunnelAddress = await _server.StartAsync(cancellationToken);
        _address = _model.Config.Tunnel.Advertise ?? TunnelAddress.ToString();
        Monitor.Start();
        await _notifier.UseAsync(_model.Config.Notify);
        _published = Self();
        _session = Guarded(_membership, KeptMembers());
        await _membership.StartAsync(_published, _model.Config.Membership);
        _running = [ReadAsync(_ending.Token), LoopAsync(_ending.Token), _probe.RunAsync(_ending.Token)];
        Signal();
    }

    /// <summary>Follows an edit. Who is not allowed any more is cut; what is gone, ends. One caller at a time.</summary>
    public async Task UseAsync(ChannelsConfig config)
    {
        var started = _model.Config;
        _model = Model(
            config with
            {
                Group = started.Group,
                Instance = started.Instance,
                Tunnel = started.Tunnel,
                Loopback = started.Loopback,
            }
        );
        await _membership.UseAsync(config.Membership);
        await _notifier.UseAsync(config.Notify);
        _cutter.CutRefused(_model, _members.Current);
        Signal();
    }

    /// <summary>Tells that it takes nothing new, and then takes nothing; drains what is open, and leaves.</summary>
    public async Task StopAsync()
    {
        using var limit = new CancellationTokenSource(_model.Config.Tunnel.DrainTimeout);
        _stopping = true;
        Signal();
        var silent = _running.Length == 0 ? Task.CompletedTask : _silent.Task;
        await silent.WaitAsync(_silenceLimit, _services.Time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _server.StopAsync(_cutter.DrainAsync(limit.Token));
        await _ending.CancelAsync();
        await Task.WhenAll(_running).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _listeners.DisposeAsync();
        Monitor.Set([], _atOnce);
        await Monitor.DisposeAsync();
        Monitor.OnClosed();
        await _notifier.FinishAsync(_model.Config.Notify);
    }

    /// <summary>Takes a client of a route to a member that serves a connector.</summary>
    public Task RouteAsync(ConnectionContext client, string connector, RelayOptions options, KeepAlive keepAlive) =>
        _call.RouteAsync(client, connector, _model.Called(connector), options, keepAlive);

    public Task ServeAsync(ServerTunnelConnection tunnel) => _serve.ServeAsync(tunnel);

    public void Answered(string from, int status) => _services.Metrics.Asked(ChannelSlots.Serves, from, status);

    public Task HelloAsync(HttpContext context, CancellationToken leaving) => _feed.WriteAsync(context, leaving);

    public async ValueTask DisposeAsync()
    {
        await _notifier.DisposeAsync();
        await (_session?.DisposeAsync() ?? _membership.DisposeAsync());
        await _listeners.DisposeAsync();
        await _server.DisposeAsync();
        _tunnels.Dispose();
        _signal.Dispose();
        _ending.Dispose();
    }

    private ChannelModel Model(ChannelsConfig config) =>
        new(
            config,
            config.Loopback.Mode == LoopbackMode.Address
                ? LocalAddress.In(LocalAddress.OfInstance(config.Instance)!, config.Loopback.NetworkNumber)
                : IPAddress.Loopback,
            _epoch
        );

    // Who is not configured any more needs no asking.
    private List<MemberRecord> KeptMembers()
    {
        var membership = _model.Config.Membership;
        return
        [
            .. _memberFile
                .Load()
                .Where(member =>
                    !membership.Is(MembershipProviders.Static) || membership.Members.GetValueOrDefault(member.Id)?.Address == member.Address
                ),
        ];
    }

    private GuardedMembership Guarded(IMembershipSession session, List<MemberRecord> kept)
    {
        var reader = new HelloReader(_tunnels, _services.Time);
        return new(
            session,
            kept,
            () => _model.Config.Membership.Guard,
            (member, token) =>
                HostAndPort.TryParse(member.Address, out var address)
                    ? reader.AskAsync(new TunnelEndPoint(member.Id, address, ""), member.Address, token)
                    : Task.FromResult<MemberRecord?>(null),
            _services.Time
        );
    }

    private void Signal()
    {
        lock (_signal)
        {
            if (_signal.CurrentCount == 0)
            {
                _signal.Release();
            }
        }
    }

    private async Task ReadAsync(CancellationToken cancellationToken)
    {
        await foreach (var update in _session!.ReadAsync(cancellationToken))
        {
            foreach (var id in _members.Apply(update))
            {
                _cutter.CutGone(id, _model.Config.MemberDrainTimeout, () => _members.Current.All.ContainsKey(id), _ending.Token);
            }

            _firstSet = _session.IsKnown;
            Signal();
        }
    }

    private async Task LoopAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                await ReconcileAsync(cancellationToken);
                var retry = _listeners.NextRetry;
                await _signal.WaitAsync(
                    retry < _reviewInterval ? Max(retry.Value, TimeSpan.FromMilliseconds(1)) : _reviewInterval,
                    cancellationToken
                );
                ReviewTrust();
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception exception)
            {
                Log.Failed(_logger, exception);
                await Task.Delay(_reviewInterval, _services.Time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private static TimeSpan Max(TimeSpan one, TimeSpan other) => one > other ? one : other;

    // On joining: bind first, then tell. On leaving: tell first, then stop.
    private async Task ReconcileAsync(CancellationToken cancellationToken)
    {
        var (model, stopping) = (_model, _stopping);
        var members = _members.Current;
        TellRefused(members);
        var wanted = stopping ? [] : _plan.Wanted(model, members);
        var released = _listeners.Release(wanted);
        await PublishSelfAsync(cancellationToken);
        await _listeners.BindAsync(wanted, key => Pipeline(model, key), cancellationToken);
        _plan.Keep(model, wanted.Keys, _listeners);
        _cutter.CutRefused(model, members);
        Monitor.Set(stopping ? [] : ChannelReport.Of(model, members, _listeners), stopping ? _atOnce : model.Config.Notify.Debounce);
        if (_firstSet)
        {
            _memberFile.Save(members.Known.Values);
        }

        if (released is not null)
        {
            _ = TellAsync(released);
        }

        await _listeners.CloseAsync();
        if (stopping)
        {
            NoteSilence();
            return;
        }

        if (!_wasReady && _firstSet && wanted.Keys.All(key => key.Member.Length > 0 || _listeners.Bound(key) is not null))
        {
            _wasReady = true;
            await Monitor.ToldAsync(cancellationToken);
            Monitor.OnReady();
        }
    }

    private void TellRefused(MemberSet members)
    {
        foreach (var why in members.Refused.Values)
        {
            if (_reported.Count < MostReported && _reported.Add(why))
            {
                Monitor.OnError(why);
            }
        }
    }

    private ConnectionDelegate Pipeline(ChannelModel model, CallKey key)
    {
        var channel = model.Config.Items[key.Channel];
        return key.Member.Length == 0
            ? client => _call.RequestAsync(client, key.Channel, Newest(key.Channel, channel))
            : client => _call.DuplexAsync(client, key.Channel, Newest(key.Channel, channel), key.Member, key.Port);
    }

    private ChannelConfig Newest(string name, ChannelConfig channel) => _model.Config.Items.GetValueOrDefault(name) ?? channel;

    private async Task TellAsync(Retirement released)
    {
        using var limit = new CancellationTokenSource(_toldLimit);
        await Monitor.ToldAsync(limit.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        released.IsDue = true;
        if (!_ending.IsCancellationRequested)
        {
            Signal();
        }
    }

    private void NoteSilence()
    {
        if (_listeners.IsEmpty)
        {
            _silent.TrySetResult();
        }
    }

    private IPAddress Address() => _model.HasAddresses ? LocalAddress.OfInstance(_model.Config.Instance)! : IPAddress.Loopback;

    private MemberRecord Self()
    {
        var (config, instance) = (_model.Config, _model.Config.Instance);
        return new MemberRecord(instance.Id, _epoch, _address, Address())
        {
            Role = instance.Role,
            Zone = instance.Zone,
            State = _stopping ? MemberState.Draining : MemberState.Up,
            Connectors =
            [
                .. config
                    .Items.GroupBy(static pair => pair.Value.Connector, StringComparer.OrdinalIgnoreCase)
                    .OrderBy(static group => group.Key, StringComparer.Ordinal)
                    .Select(Part),
            ],
        };
    }

    private MemberConnector Part(IGrouping<string, KeyValuePair<string, ChannelConfig>> connector)
    {
        var served = connector.FirstOrDefault(static pair => pair.Value.Serves);
        return served.Value is { } channel
            ? new(connector.Key, _probe.IsReady(served.Key, channel), channel.Type == ChannelType.Duplex, channel.AllPorts)
            : new(connector.Key, false, connector.First().Value.Type == ChannelType.Duplex, []);
    }

    private async Task PublishSelfAsync(CancellationToken cancellationToken)
    {
        var self = Self();
        if (!self.Equals(_published))
        {
            _published = self;
            await _session!.PublishAsync(self, cancellationToken);
        }
    }

    private void ReviewTrust()
    {
        if (_credentials is { } credentials && credentials.Version is var version && version != _credentialsVersion)
        {
            _credentialsVersion = version;
            _server.Review();
            _tunnels.Review();
        }
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Error, "Channels: applying what changed failed; it is tried again.")]
        public static partial void Failed(ILogger logger, Exception exception);
    }
}
