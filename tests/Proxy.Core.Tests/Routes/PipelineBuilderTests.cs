using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Proxy.Admission;
using Proxy.Configuration;
using Proxy.Configuration.Networks;
using Proxy.Configuration.Routes;
using Proxy.Connections;
using Proxy.Core.Tests.Clusters;
using Proxy.Core.Tests.Configuration;
using Proxy.Diagnostics;
using Proxy.Routes;
using Proxy.Tls;
using Proxy.Tls.Certificates;
using Proxy.Tls.Termination;

namespace Proxy.Core.Tests.Routes;

public sealed class PipelineBuilderTests : IDisposable
{
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly ConnectionTracker _tracker = new();
    private readonly ProxyMetrics _metrics;
    private readonly AccessLog _log = new(null);
    private readonly TrackingMiddleware _tracking;
    private readonly ConfigDocument _document = new();
    private readonly Kind _forward = new(TcpMode.Forward);
    private readonly Kind _lock = new(TcpMode.Lock);

    public PipelineBuilderTests()
    {
        _metrics = new(new ProxyMeter(_services.GetRequiredService<System.Diagnostics.Metrics.IMeterFactory>()), _tracker);
        _tracking = new(_tracker, _metrics, _log, TimeProvider.System, NullLogger<TrackingMiddleware>.Instance);
    }

    [Fact]
    public void Build_ValidRevision_OnePipelineForEachRouteAndAddressAndNothingIsInUse()
    {
        var revision = Revision();

        var pipelines = Builder().Build(revision);

        Assert.Equal(["a", "b"], pipelines.Routes.Keys.Order());
        Assert.Equal(revision.Bindings.Select(static binding => binding.Slot).Order(), pipelines.Endpoints.Keys.Order());
        Assert.Equal(["a"], _forward.Built);
        Assert.Equal(["b"], _lock.Built);
        Assert.All([_forward, _lock], static kind => Assert.Equal((0, 0), (kind.Used, kind.GivenUp)));
    }

    [Fact]
    public void Build_RouteFails_ErrorNamesItAndWhatWasBuiltIsGivenBack()
    {
        _lock.Fails = true;
        var revision = Revision();

        var error = Assert.Throws<ApplyException>(() => Builder().Build(revision));

        Assert.Equal("ReverseProxy:TcpRoutes:b", error.Path);
        Assert.All([_forward, _lock], static kind => Assert.Equal((0, 1), (kind.Used, kind.GivenUp)));
    }

    [Fact]
    public void Build_FactoryCannotBegin_OnesBeforeItAreGivenBack()
    {
        _lock.CannotBegin = true;
        var revision = Revision();

        Assert.Throws<InvalidOperationException>(() => Builder().Build(revision));

        Assert.Equal((0, 1), (_forward.Used, _forward.GivenUp));
        Assert.Equal(0, _lock.GivenUp);
    }

    [Fact]
    public void Build_GivingBackFailsToo_OthersAreGivenBackAndTheFirstErrorIsThrown()
    {
        _lock.Fails = true;
        _forward.CannotGiveUp = true;
        var revision = Revision();

        var error = Assert.Throws<ApplyException>(() => Builder().Build(revision));

        Assert.Equal("ReverseProxy:TcpRoutes:b", error.Path);
        Assert.Equal((1, 1), (_forward.GivenUp, _lock.GivenUp));
    }

    [Fact]
    public async Task Build_AgainWithAnotherMaximum_ConnectionsOfTheFirstCount()
    {
        var builder = Builder();
        var first = Assert.Single(builder.Build(Shared(maximum: 1)).Endpoints.Values);
        var holder = new FakeConnection("1");
        var holding = first(holder);
        Assert.Equal(ConnectionOutcome.LimitExceeded, await OutcomeAsync(first, "2"));

        var edited = Assert.Single(builder.Build(Shared(maximum: 2)).Endpoints.Values);
        var second = edited(new FakeConnection("3"));

        Assert.Equal(ConnectionOutcome.LimitExceeded, await OutcomeAsync(edited, "4"));
        Assert.False(holder.Aborted);
        Assert.Equal("a", ConnectionRecord.Of(holder).RouteId);
        _forward.Ending.SetResult();
        await Task.WhenAll(holding, second).WaitAsync(Eventually.Limit);
        Assert.Equal(0, _tracker.Count);
    }

    [Fact]
    public async Task Admission_RouteWentAndCameBackMeanwhile_IsByItsNewLimits()
    {
        var limiters = new Limiters(_tracker, TimeProvider.System, NullLogger<Limiters>.Instance);
        var pipeline = Builder(limiters).Build(Shared(maximum: 9)).Routes["a"];
        limiters.Apply(["a"], new Dictionary<string, RouteLimits>(), []);
        limiters.Apply([], new Dictionary<string, RouteLimits>(), []);
        var limits = new RouteLimits(new() { MaxConnections = 1 }, NetworkRules.None);
        limiters.Apply(["a"], new Dictionary<string, RouteLimits> { ["a"] = limits }, []);

        var first = new FakeConnection("1");
        var holding = _tracking.OnConnectionAsync(first, "edge", "", pipeline);
        Assert.Equal(
            ConnectionOutcome.LimitExceeded,
            await OutcomeAsync(one => _tracking.OnConnectionAsync(one, "edge", "", pipeline), "2")
        );

        Assert.False(first.Aborted);
        _forward.Ending.SetResult();
        await holding.WaitAsync(Eventually.Limit);
    }

    [Fact]
    public async Task Build_ConnectionStaysOpen_ItsRevisionAndOtherRoutesAreFreed()
    {
        var (others, running) = Open(Builder());

        GC.Collect();

        Assert.All(others, static one => Assert.False(one.IsAlive));
        _forward.Ending.SetResult();
        await running.WaitAsync(Eventually.Limit);
    }

    public void Dispose()
    {
        _document.Dispose();
        _metrics.Dispose();
        _log.Dispose();
        _services.Dispose();
    }

    // Not inlined, so that no local of the caller keeps the revision.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private (WeakReference[] Others, Task Running) Open(PipelineBuilder builder)
    {
        var revision = Shared(maximum: 1);
        var set = builder.Build(revision);
        var endpoint = Assert.Single(set.Endpoints.Values);
        return ([new(revision), new(endpoint.Target), new(set.Routes["other"].Target)], endpoint(new FakeConnection()));
    }

    private PipelineBuilder Builder(Limiters? limiters = null) =>
        new(
            _tracking,
            [_forward, _lock],
            new(new([]), new BufferPool(), TimeProvider.System),
            limiters ?? new Limiters(_tracker, TimeProvider.System, NullLogger<Limiters>.Instance),
            TestOpening.Originations(),
            new(
                new CertificateStore(TimeProvider.System),
                new HandshakeGates(),
                new TlsMetrics(new ProxyMeter(_services.GetRequiredService<System.Diagnostics.Metrics.IMeterFactory>())),
                new BufferPool(),
                TimeProvider.System,
                new HandshakeLogs(TimeProvider.System, NullLogger<TlsTerminator>.Instance)
            ),
            NullLogger<PipelineBuilder>.Instance
        );

    private Revision Revision() =>
        Read(
            """
            "TcpRoutes": {
              "a": { "Listen": "127.0.0.1:9001", "ClusterId": "c" },
              "b": { "Listen": "127.0.0.1:9002", "ClusterId": "locked", "Mode": "Lock" }
            }
            """
        );

    private Revision Shared(int maximum) =>
        Read(
            $$"""
            "TcpEndpoints": { "edge": { "Address": ["127.0.0.1:9001"], "MaxConnections": {{maximum}} } },
            "TcpRoutes": {
              "a": { "Match": { "Endpoints": ["edge"] }, "ClusterId": "c" },
              "other": { "Match": { "Endpoints": ["edge"], "SourceNetworks": ["192.0.2.0/24"] }, "ClusterId": "c", "Order": -1 }
            }
            """
        );

    private Revision Read(string routes)
    {
        const string Cluster = """{ "Destinations": { "d": { "Address": "tcp://127.0.0.1:1" } } }""";
        var result = _document.Read($$"""{ "ReverseProxy": { {{routes}}, "Clusters": { "c": {{Cluster}}, "locked": {{Cluster}} } } }""");
        Assert.Empty(result.Errors);
        return result.Revision!;
    }

    private static async Task<ConnectionOutcome?> OutcomeAsync(ConnectionDelegate pipeline, string id)
    {
        var connection = new FakeConnection(id);
        await pipeline(connection).WaitAsync(Eventually.Limit);
        return ConnectionRecord.Of(connection).Outcome;
    }

    /// <summary>Routes of one mode, which notes what is asked of it and fails on demand.</summary>
    private sealed class Kind(TcpMode mode) : IRouteFactory, IRouteSet
    {
        public List<string> Built { get; } = [];

        public int Used { get; private set; }

        public int GivenUp { get; private set; }

        public bool CannotBegin { get; set; }

        public bool Fails { get; set; }

        public bool CannotGiveUp { get; set; }

        public TaskCompletionSource Ending { get; } = new();

        public bool Builds(TcpRouteConfig route) => route.Mode == mode;

        public IRouteSet Begin(Revision revision) => CannotBegin ? throw new InvalidOperationException() : this;

        public ConnectionDelegate Build(string id, TcpRouteConfig route)
        {
            if (Fails)
            {
                throw new InvalidOperationException();
            }

            Built.Add(id);
            return _ => Ending.Task;
        }

        public void Commit() => Used++;

        public void GiveUp()
        {
            GivenUp++;
            if (CannotGiveUp)
            {
                throw new InvalidOperationException();
            }
        }
    }
}
