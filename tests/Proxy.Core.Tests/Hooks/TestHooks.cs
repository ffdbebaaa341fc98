using System.Diagnostics.Metrics;
using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Proxy.Clusters;
using Proxy.Configuration.Locking;
using Proxy.Configuration.Reading;
using Proxy.Connections;
using Proxy.Connections.Sockets;
using Proxy.Diagnostics;
using Proxy.Hooks;
using Proxy.Timing;

namespace Proxy.Core.Tests.Hooks;

/// <summary>A factory of lists with all it needs, and the lines it logged.</summary>
internal sealed class TestHooks : IDisposable
{
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly DeadlineClock _clock = new(TimeProvider.System);
    private readonly ProxyMetrics _metrics;
    private readonly HookListFactory _factory;

    public TestHooks(TimeProvider? time = null, params IProxyHook[] hooks)
    {
        _metrics = new ProxyMetrics(new ProxyMeter(_services.GetRequiredService<IMeterFactory>()), new ConnectionTracker());
        var clock = time ?? TimeProvider.System;
        var connections = new SocketConnectionFactory(new BufferPool(), _clock, TimeProvider.System);
        _factory = new HookListFactory(hooks, new AddressRace(connections, new(clock), clock), Secrets, _metrics, clock, Logs);
    }

    public LogLines Logs { get; } = new();

    public SecretValues Secrets { get; } = new();

    public static HookEvent Event { get; } =
        new()
        {
            Name = "activate",
            Route = "office",
            Destination = "a",
            Address = new DnsEndPoint("localhost", 8100),
            Client = new IPEndPoint(IPAddress.Parse("10.1.2.3"), 4567),
            Activation = 7,
        };

    public HookList List(params HookStepConfig[] steps) => _factory.Create(steps);

    public async Task<HookResult> RunAsync(
        HookStepConfig step,
        HookEvent? hookEvent = null,
        CancellationToken cancellationToken = default
    ) => await List(step).RunAsync(hookEvent ?? Event, cancellationToken).AsTask().WaitAsync(Eventually.Limit, CancellationToken.None);

    public Task<HookResult> ShellAsync(string script, TimeSpan? timeout = null, CancellationToken cancellationToken = default) =>
        RunAsync(Shell(script, timeout), null, cancellationToken);

    public static HookStepConfig Shell(string script, TimeSpan? timeout = null) =>
        new() { Exec = ["sh", "-c", script], Timeout = timeout ?? Eventually.Limit };

    public void Dispose()
    {
        _factory.Dispose();
        _metrics.Dispose();
        _clock.Dispose();
        _services.Dispose();
    }
}
