using System.Diagnostics.Metrics;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Proxy.Clusters;
using Proxy.Configuration.Locking;
using Proxy.Configuration.Reading;
using Proxy.Diagnostics;
using Proxy.Hooks;
using Proxy.Locking;

namespace Proxy.Core.Tests.Locking;

/// <summary>Locks with hooks that tests hold in their hands.</summary>
internal sealed class TestLock : IDisposable
{
    public const string Route = "office";
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly ProxyMetrics _metrics;
    private readonly HookListFactory _factory;

    public TestLock(TimeProvider? time = null)
    {
        Time = time ?? TimeProvider.System;
        var meters = _services.GetRequiredService<IMeterFactory>();
        _metrics = new ProxyMetrics(new ProxyMeter(meters), new ConnectionTracker());
        Metrics = new LockMetrics(new ProxyMeter(meters));
        _factory = new HookListFactory(
            [Activate, Timeout, Release],
            new AddressRace(new FakeDials(), new(Time), Time),
            new SecretValues(),
            _metrics,
            Time,
            NullLoggerFactory.Instance
        );
        Registry = new LockRegistry([new HostPermitStore()], Metrics, Time);
    }

    public TimeProvider Time { get; }

    public LockMetrics Metrics { get; }

    public LockRegistry Registry { get; }

    public TestService Service { get; } = new();

    public TestHook Activate { get; } = new("activate");

    public TestHook Timeout { get; } = new("timeout");

    public TestHook Release { get; } = new("release");

    /// <summary>One permit, no limits, no hooks.</summary>
    public LockSettings Settings =>
        new()
        {
            Permits = 1,
            QueueLimit = 100,
            QueueTimeout = System.Threading.Timeout.InfiniteTimeSpan,
            MaxHold = System.Threading.Timeout.InfiniteTimeSpan,
            ReleaseDelay = TimeSpan.Zero,
            DropQueued = DropQueued.WhenSilent,
            ProceedsOnHookFailure = false,
            OnActivate = Steps(),
            OnTimeout = Steps(),
            OnRelease = Steps(),
            Service = Service,
        };

    /// <summary>The same with a hook in each list.</summary>
    public LockSettings WithHooks =>
        Settings with
        {
            OnActivate = Steps(new HookStepConfig { Hook = "activate" }),
            OnTimeout = Steps(new HookStepConfig { Hook = "timeout" }),
            OnRelease = Steps(new HookStepConfig { Hook = "release" }),
        };

    public HookList Steps(params HookStepConfig[] steps) => _factory.Create(steps);

    /// <summary>The pipeline of the route: the lock alone.</summary>
    public ConnectionDelegate Use(LockSettings settings)
    {
        var reserved = Registry.Reserve(Route, "Host", settings);
        Registry.Apply([reserved]);
        return reserved.Middleware.OnConnectionAsync;
    }

    public LockStatus Status => Registry.Find(Route)!;

    public void Dispose()
    {
        Registry.Dispose();
        _factory.Dispose();
        _metrics.Dispose();
        _services.Dispose();
    }
}
