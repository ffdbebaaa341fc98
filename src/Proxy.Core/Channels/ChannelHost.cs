using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Proxy.Channels.Membership;
using Proxy.Channels.Monitoring;
using Proxy.Channels.Tunnel;
using Proxy.Configuration;
using Proxy.Diagnostics;

namespace Proxy.Channels;

/// <summary>
/// Runs the channels of an instance: one loop compares what is wanted (configuration, members, readiness) with what is there, and
/// changes what differs. Everything else only signals it.
/// </summary>
internal sealed partial class ChannelHost : ITunnelService, IAsyncDisposable
{
    private static readonly TimeSpan _reviewInterval = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan _toldLimit = TimeSpan.FromSeconds(5);

    private readonly ChannelServices _services;
    private readonly ILogger _logger;
    private readonly string _epoch = Guid.NewGuid().ToString("N");
    private readonly SemaphoreSlim _signal = new(0, 1);
    private readonly CancellationTokenSource _ending = new();
    private readonly HelloFeed _feed = new();
    private readonly MemberDirectory _members;
    private readonly TunnelConnectionFactory _tunnels;
    private readonly TunnelServer _server;
    private readonly TunnelCredentials? _credentials;
    private readonly StaticMembership _membership;
    private readonly ServeHandler _serve;
    private readonly CallHandler _call;
    private readonly CallListeners _listeners;
    private readonly ReadyProbe _probe;
    private readonly LocalAddressBook _book;
    private readonly HashSet<string> _reported = new(StringComparer.Ordinal);
    private volatile ChannelModel _model;
    private IMembershipSession? _session;
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
        _members = new MemberDirectory(config.Instance.Id);
        _tunnels = new TunnelConnectionFactory(tunnel, _credentials, config.Instance.Id);
        _server = new TunnelServer(tunnel, _credentials, this, services.Logging);
        _membership = new StaticMembership(_feed, _tunnels, services.Time);
        _serve = new ServeHandler(() => _model, _members, services.Dialler, services.Relay, services.Tracking, services.Time);
        var balancer = new MemberBalancer(config.Instance.Zone, services.Random);
        _call = new CallHandler(_tunnels, _members, balancer, services.Relay, services.Tracking, services.Time);
        Monitor = new ChannelMonitor(_epoch, services.Time, _logger);
        _listeners = new CallListeners(services.Bind, Monitor, services.Time);
        _probe = new ReadyProbe(() => _model, services.Time, Signal);
        _book = new LocalAddressBook(config.Loopback.StateFile, _logger);
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
        _published = Self();
        _session = await _membership.JoinAsync(_published, cancellationToken);
        await _membership.UseAsync(_model.Config.Membership.Members);
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
        await _membership.UseAsync(config.Membership.Members);
        CutRefused();
        Signal();
    }

    /// <summary>Takes nothing new, drains what is open, and leaves.</summary>
    public async Task StopAsync()
    {
        await _listeners.DisposeAsync();
        await _server.StopAsync();
        await _ending.CancelAsync();
        await Task.WhenAll(_running).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        Monitor.Set([], _model.Config.Notify.Debounce);
        await Monitor.DisposeAsync();
        Monitor.OnClosed();
    }

    public Task ServeAsync(ServerTunnelConnection tunnel) => _serve.ServeAsync(tunnel);

    public Task HelloAsync(HttpContext context, CancellationToken draining) => _feed.WriteAsync(context, draining);

    public async ValueTask DisposeAsync()
    {
        await _membership.DisposeAsync();
        await _listeners.DisposeAsync();
        await _server.DisposeAsync();
        _tunnels.Dispose();
        _signal.Dispose();
        _ending.Dispose();
    }

    private ChannelModel Model(ChannelsConfig config) =>
        new(config, config.Loopback.Mode == LoopbackMode.Address ? LocalAddress.OfInstance(config.Instance)! : IPAddress.Loopback, _epoch);

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
                CutGone(id);
            }

            _firstSet = true;
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
        var model = _model;
        var members = WithoutConflicts(_members.Current);
        var wanted = Wanted(model, members);
        var released = _listeners.Release(wanted);
        await PublishSelfAsync(cancellationToken);
        await _listeners.BindAsync(wanted, key => Pipeline(model, key), cancellationToken);
        KeepPorts(model, wanted.Keys);
        Monitor.Set(States(model, members), model.Config.Notify.Debounce);
        if (released.Count > 0)
        {
            _ = RetireAsync(released);
        }

        if (!_wasReady && _firstSet && wanted.Keys.All(key => key.Member.Length > 0 || _listeners.Bound(key) is not null))
        {
            _wasReady = true;
            await Monitor.ToldAsync(cancellationToken);
            Monitor.OnReady(model.BindIp.ToString());
        }
    }

    private MemberSet WithoutConflicts(MemberSet members)
    {
        if (!_model.HasAddresses)
        {
            return members;
        }

        var all = members.All.Values.Append(Self());
        var (kept, lost) = AddressConflicts.Resolve(all);
        foreach (var (member, keeper) in lost)
        {
            if (_reported.Add($"{member.Id}/{keeper}"))
            {
                Monitor.OnError(
                    $"the instances '{keeper}' and '{member.Id}' have the local address {member.LocalAddress}; '{keeper}' keeps it, set Instance:Ordinal at the other."
                );
            }
        }

        return new MemberSet(kept.Where(member => members.All.ContainsKey(member.Id)), members.Stale);
    }

    private Dictionary<CallKey, IPEndPoint> Wanted(ChannelModel model, MemberSet members)
    {
        var wanted = new Dictionary<CallKey, IPEndPoint>();
        var requests = _book.Requests(
            model.Config.Items.Where(static pair => pair.Value.Type == ChannelType.Request).Select(static pair => pair.Key)
        );
        foreach (var (name, channel) in model.Config.Items.Where(static pair => pair.Value.Calls))
        {
            if (channel.Type == ChannelType.Request)
            {
                if (channel.WhenEmpty == WhenEmpty.Wait || ChannelModel.Servers(channel, members).Any())
                {
                    wanted[new(name, "", channel.Port!.Value)] = new(
                        model.HasAddresses ? requests[name] : IPAddress.Loopback,
                        channel.Port.Value
                    );
                }

                continue;
            }

            foreach (var (member, port) in Reachable(channel, members))
            {
                wanted[new(name, member.Id, port)] = model.HasAddresses
                    ? new(member.LocalAddress, port)
                    : new(IPAddress.Loopback, _book.Port(member.Id, port));
            }
        }

        return wanted;
    }

    private static IEnumerable<(MemberRecord Member, int Port)> Reachable(ChannelConfig channel, MemberSet members) =>
        ChannelModel
            .Servers(channel, members)
            .OrderBy(static member => member.Id, StringComparer.Ordinal)
            .SelectMany(member => channel.AllPorts.Intersect(member.Find(channel.Connector)!.Ports).Select(port => (member, port)));

    private ConnectionDelegate Pipeline(ChannelModel model, CallKey key)
    {
        var channel = model.Config.Items[key.Channel];
        return key.Member.Length == 0
            ? client => _call.RequestAsync(client, key.Channel, Newest(key.Channel, channel))
            : client => _call.DuplexAsync(client, key.Channel, Newest(key.Channel, channel), key.Member, key.Port);
    }

    private ChannelConfig Newest(string name, ChannelConfig channel) => _model.Config.Items.GetValueOrDefault(name) ?? channel;

    private void KeepPorts(ChannelModel model, IEnumerable<CallKey> keys)
    {
        foreach (var key in keys.Where(key => !model.HasAddresses && key.Member.Length > 0))
        {
            if (_listeners.Bound(key) is { } bound)
            {
                _book.KeepPort(key.Member, key.Port, bound.Port);
            }
        }
    }

    private List<ChannelState> States(ChannelModel model, MemberSet members) =>
        [.. model.Config.Items.Select(pair => State(model, pair.Key, pair.Value, members))];

    private ChannelState State(ChannelModel model, string name, ChannelConfig channel, MemberSet members)
    {
        var state = new ChannelState(name, channel.Connector, channel.Type!.Value.ToString().ToLowerInvariant())
        {
            Stale = members.Stale,
            Ip = model.BindIp.ToString(),
            Port = channel.AllPorts[0],
        };
        if (channel.Type == ChannelType.Request)
        {
            var bound = _listeners.Bound(new(name, "", channel.Port!.Value));
            return state with { Listening = bound is not null, Ip = bound?.Address.ToString() };
        }

        if (!channel.Calls)
        {
            return state;
        }

        var told = Reachable(channel, members)
            .Select(pair => (pair.Member, Bound: _listeners.Bound(new(name, pair.Member.Id, pair.Port))))
            .Where(static pair => pair.Bound is not null)
            .Select(static pair => new ChannelMemberState(
                pair.Member.Id,
                pair.Bound!.Address.ToString(),
                pair.Bound.Port,
                pair.Member.State
            ));
        return state with { Listening = true, Members = [.. told] };
    }

    private async Task RetireAsync(IReadOnlyList<ILocalListener> released)
    {
        using var limit = new CancellationTokenSource(_toldLimit);
        await Monitor.ToldAsync(limit.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        foreach (var listener in released)
        {
            await listener.DisposeAsync();
        }
    }

    private MemberRecord Self()
    {
        var (config, instance) = (_model.Config, _model.Config.Instance);
        return new MemberRecord(instance.Id, _epoch, _address, _model.BindIp)
        {
            Role = instance.Role,
            Zone = instance.Zone,
            State = _server.Draining.IsCancellationRequested ? MemberState.Draining : MemberState.Up,
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

    private void CutGone(string member)
    {
        var limit = _model.Config.MemberDrainTimeout;
        var open = _services.Tracker.Open.Where(record => ChannelSlots.IsOne(record.Slot) && record.DestinationId == member).ToList();
        if (limit == TimeSpan.Zero)
        {
            open.ForEach(static record => record.Close(ConnectionOutcome.MemberGone));
        }
        else
        {
            _ = CutLaterAsync(open, limit);
        }
    }

    private async Task CutLaterAsync(List<ConnectionRecord> open, TimeSpan limit)
    {
        await Task.Delay(limit, _services.Time, _ending.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        open.ForEach(static record => record.Close(ConnectionOutcome.MemberGone));
    }

    private void CutRefused()
    {
        var (model, members) = (_model, _members.Current);
        foreach (var record in _services.Tracker.Open.Where(static record => ChannelSlots.IsOne(record.Slot)))
        {
            var name = record.EndpointId[ChannelSlots.Endpoint("").Length..];
            if (
                !model.Config.Items.TryGetValue(name, out var channel)
                || !channel.Connector.Equals(record.ClusterId, StringComparison.OrdinalIgnoreCase)
            )
            {
                record.Close(ConnectionOutcome.Drained);
            }
            else if (record.DestinationId is { } member && !IsAllowed(record.Slot, channel, member, members))
            {
                record.Close(ConnectionOutcome.Denied);
            }
        }
    }

    private static bool IsAllowed(string slot, ChannelConfig channel, string member, MemberSet members) =>
        slot == ChannelSlots.Serves
            ? channel.Serves && ChannelModel.Allows(channel, member, members)
            : channel.Calls && (channel.Offer is null || InstancePattern.Matches(channel.Offer, member));

    private void ReviewTrust()
    {
        if (_credentials is { } credentials && credentials.Version is var version && version != _credentialsVersion)
        {
            _credentialsVersion = version;
            _server.Review();
        }
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Error, "Channels: applying what changed failed; it is tried again.")]
        public static partial void Failed(ILogger logger, Exception exception);
    }
}
