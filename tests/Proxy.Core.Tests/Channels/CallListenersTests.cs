using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Proxy.Channels;
using Proxy.Channels.Membership;
using Proxy.Channels.Monitoring;
using Proxy.Configuration.Channels;
using Proxy.Connections;
using Proxy.Core.Tests.Channels.Tunnel;
using Proxy.Diagnostics;
using Proxy.Forwarding;
using Proxy.Listeners;

namespace Proxy.Core.Tests.Channels;

/// <summary>Passes of the reconciler that an edit or a failure meets on their way.</summary>
public sealed class CallListenersTests : IAsyncLifetime
{
    private const int One = 5001;
    private const int Two = 5002;

    private readonly TestAuthority _authority = new();
    private readonly string _state = Path.Combine(Path.GetTempPath(), $"listeners-{Guid.NewGuid():N}.json");
    private readonly FakeListeners _bound = new();
    private readonly CurrentChannels _channels = new(Config(One, Two));
    private ChannelInstance _instance = null!;
    private CallListeners _listeners = null!;

    public async Task InitializeAsync()
    {
        _instance = ChannelInstance.Create(_authority, "A_32000");
        await _instance.StartAsync();
        var services = _instance.Services;
        _listeners = new(
            new CallPlan(new ThisInstance(_channels), new LocalAddressBook(_state, NullLogger.Instance)),
            new CallPipelines(
                _channels,
                services.GetRequiredService<MemberDialer>(),
                services.GetRequiredService<ForwardDependencies>(),
                services.GetRequiredService<TrackingMiddleware>()
            ),
            new ListenerManager(_bound, TimeProvider.System, NullLogger<ListenerManager>.Instance),
            services.GetRequiredService<ChannelMonitor>(),
            TimeProvider.System
        );
    }

    [Fact]
    public async Task Reconcile_EditTakesTheChannelsAwayMeanwhile_AllOfItsConfigurationAreBound()
    {
        _bound.Binding = _ => _channels.Update(Config());

        await ReconcileAsync(Config(One, Two));

        Assert.Equal([One, Two], _bound.Open);
    }

    [Fact]
    public async Task TakeRetired_PassThatTookItOutFailed_IsGivenOnceAndClosedWhenDue()
    {
        await ReconcileAsync(Config(One));
        _bound.Binding = static _ => throw new OperationCanceledException();
        await Assert.ThrowsAsync<OperationCanceledException>(() => ReconcileAsync(Config(Two)));
        _bound.Binding = static _ => { };

        await ReconcileAsync(Config(Two));
        var retired = Assert.Single(_listeners.TakeRetired());
        Assert.Empty(_listeners.TakeRetired());
        await _listeners.CloseAsync();
        Assert.Equal([One, Two], _bound.Open);

        retired.IsDue = true;
        await _listeners.CloseAsync();
        Assert.Equal([Two], _bound.Open);
    }

    public async Task DisposeAsync()
    {
        await _listeners.DisposeAsync();
        await _instance.DisposeAsync();
        _authority.Dispose();
        File.Delete(_state);
    }

    private static ChannelsConfig Config(params int[] ports) =>
        new()
        {
            Loopback = new() { Mode = LoopbackMode.Port },
            Items = ports.ToDictionary(
                static port => $"to{port}",
                static port => new ChannelConfig
                {
                    Type = ChannelType.Request,
                    Connector = "db",
                    Port = port,
                }
            ),
        };

    private Task ReconcileAsync(ChannelsConfig config) => _listeners.ReconcileAsync(config, MemberSet.None, CancellationToken.None);

    /// <summary>Listeners without sockets, which no client comes to.</summary>
    private sealed class FakeListeners : IConnectionListenerFactory
    {
        private readonly SortedSet<int> _open = [];

        /// <summary>Called with each port before it is bound.</summary>
        public Action<int> Binding { get; set; } = static _ => { };

        public IEnumerable<int> Open => _open;

        public ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default)
        {
            var address = (IPEndPoint)((ListenEndPoint)endpoint).Address;
            Binding(address.Port);
            _open.Add(address.Port);
            return new(new FakeListener(address, () => _open.Remove(address.Port)));
        }
    }

    private sealed class FakeListener(IPEndPoint address, Action closed) : IConnectionListener
    {
        private readonly TaskCompletionSource<ConnectionContext?> _unbound = new();

        public EndPoint EndPoint => address;

        public ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default) => new(_unbound.Task);

        public ValueTask UnbindAsync(CancellationToken cancellationToken = default)
        {
            _unbound.TrySetResult(null);
            return ValueTask.CompletedTask;
        }

        public ValueTask DisposeAsync()
        {
            closed();
            return ValueTask.CompletedTask;
        }
    }
}
