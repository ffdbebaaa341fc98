using Microsoft.Extensions.Logging.Abstractions;
using Proxy.Admission;
using Proxy.Configuration.Networks;
using Proxy.Configuration.Routes;
using Proxy.Diagnostics;

namespace Proxy.Core.Tests.Admission;

public sealed class LimitersTests
{
    private readonly ManualTime _time = new();
    private readonly ConnectionTracker _tracker = new();
    private readonly Limiters _limiters;
    private string[] _endpoints = [];

    public LimitersTests() => _limiters = new(_tracker, _time, NullLogger<Limiters>.Instance);

    [Fact]
    public void Apply_FirstLimits_EachRouteCountsItsOwnConnections()
    {
        Open("a");
        Open("A");
        Open("b");
        Open(null);

        Apply(("a", 3), ("b", 3));

        Assert.Equal([true, false], [Comes("a"), Comes("a")]);
        Assert.Equal([true, true, false], [Comes("b"), Comes("b"), Comes("b")]);
    }

    // Any client is counted once, whether it came before the edit, after it or in between.
    [Fact]
    public async Task Apply_ClientsComeMeanwhile_NoneIsLost()
    {
        for (var round = 0; round < 200; round++)
        {
            var clients = Task.Run(() => Enumerable.Range(0, 50).Count(_ => Comes("a")));
            Apply(("b", 1), ("a", 50));
            Assert.Equal(50, await clients);

            Assert.False(Comes("a"));

            foreach (var record in _tracker.Open.ToList())
            {
                End(record);
            }

            Apply(("b", null), ("a", null));
        }
    }

    [Fact]
    public void Apply_RouteIsRemovedAndComesBack_ItsOpenConnectionsCount()
    {
        Apply(("a", 2));
        Assert.True(Comes("a"));
        Apply();
        Assert.Empty(_limiters.Routes);

        Apply(("a", 2));

        Assert.Equal([true, false], [Comes("a"), Comes("a")]);
    }

    // Its route was removed, and came back with limits, while it was peeked at.
    [Fact]
    public async Task Admits_OldLimiterWhileTheNewOneCounts_NeitherWaitsForTheOther()
    {
        for (var round = 0; round < 300; round++)
        {
            Apply(("a", 1000));
            var old = _limiters.Find("a")!;
            Apply();
            var records = Enumerable.Range(0, 20).Select(_ => Open("a")).ToList();
            var judging = Task.Run(() => records.ForEach(record => old.Admits(record)));
            var counting = Task.Run(() =>
            {
                Apply(("a", 1000));
                Apply(("a", null));
                Apply(("a", 1000));
            });
            await Task.WhenAll(judging, counting).WaitAsync(Eventually.Limit);
            records.ForEach(End);
        }
    }

    [Fact]
    public void GiveUp_RouteAndEndpointOfItAlone_AreForgotten()
    {
        _endpoints = ["edge"];
        _limiters.OfEndpoint("edge");
        Apply(("a", 2));
        _limiters.OfRoute("a");
        _limiters.OfEndpoint("edge");
        _limiters.OfRoute("new");
        _limiters.OfEndpoint("new");

        _limiters.GiveUp();

        Assert.Equal("a", Assert.Single(_limiters.Routes).RouteId);
        Assert.Equal("edge", Assert.Single(_limiters.Endpoints).EndpointId);
    }

    [Fact]
    public async Task Apply_EndpointIsRemoved_ItsGateGoesWithTheLastConnection()
    {
        var gate = Use("edge");
        var (first, second) = (new Client(gate), new Client(gate));
        Apply();
        Assert.Same(gate, Assert.Single(_limiters.Endpoints));
        await first.EndAsync();
        Assert.Single(_limiters.Endpoints);

        await second.EndAsync();

        Assert.Empty(_limiters.Endpoints);
        Use("other");
        Assert.Equal("other", Assert.Single(_limiters.Endpoints).EndpointId);
    }

    [Fact]
    public void Apply_EndpointIsRemovedWithoutConnections_ItsGateGoesAtOnce()
    {
        Use("edge");
        Use("other");

        Assert.Equal("other", Assert.Single(_limiters.Endpoints).EndpointId);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Apply_EndpointIsRemovedAndComesBack_ItsOpenConnectionsCount(bool endsWhileItIsBuilt)
    {
        var first = new Client(Use("edge"));
        var second = new Client(Assert.Single(_limiters.Endpoints));
        Apply();

        _endpoints = ["edge"];
        var gate = _limiters.OfEndpoint("edge");
        await first.EndAsync();
        if (endsWhileItIsBuilt)
        {
            await second.EndAsync();
        }

        Apply();

        Assert.Same(gate, Assert.Single(_limiters.Endpoints));
        Assert.Equal(!endsWhileItIsBuilt, new Client(gate, maximum: 1).IsRefused);
    }

    [Fact]
    public async Task OnConnection_AcceptedBeforeItsEndpointWentAndHandledAfter_CountsWhenItComesBack()
    {
        var gate = Use("edge");
        Apply();
        Assert.Empty(_limiters.Endpoints);

        var late = new Client(gate);

        Assert.Same(gate, Use("edge"));
        Assert.Equal(1, gate.Count);
        Apply();
        await late.EndAsync();
        Assert.Empty(_limiters.Endpoints);
    }

    // Ends and edits at once: what is open counts, and nothing stays.
    [Fact]
    public async Task Apply_ConnectionsComeAndGoMeanwhile_OneGateForAllThatAreOpen()
    {
        for (var round = 0; round < 500; round++)
        {
            var gate = Use("edge");
            var client = new Client(gate);
            var ending = Task.Run(client.EndAsync);
            Apply();
            Use("edge");
            await ending;
            Assert.Equal(0, Assert.Single(_limiters.Endpoints).Count);
            Apply();
            Assert.Empty(_limiters.Endpoints);
        }
    }

    /// <summary>A revision with one endpoint runs.</summary>
    private EndpointGate Use(string endpoint)
    {
        _endpoints = [endpoint];
        var gate = _limiters.OfEndpoint(endpoint);
        Apply();
        _endpoints = [];
        return gate;
    }

    private sealed class Client
    {
        private readonly TaskCompletionSource _ending = new();
        private readonly Task _running;
        private readonly ConnectionRecord _record;

        public Client(EndpointGate gate, int? maximum = null)
        {
            var connection = new FakeConnection();
            _record = new(connection, "edge", "", TimeProvider.System);
            _record.Attach();
            _running = _record.RunAsync(() => gate.OnConnectionAsync(connection, NetworkRules.None, maximum, _ => _ending.Task));
        }

        public bool IsRefused => _record.Limit is not null;

        public Task EndAsync()
        {
            _ending.TrySetResult();
            return _running.WaitAsync(Eventually.Limit);
        }
    }

    private void Apply(params (string Route, int? Most)[] limits) =>
        _limiters.Apply(
            [.. limits.Select(static one => one.Route)],
            limits
                .Where(static one => one.Most is not null)
                .ToDictionary(
                    static one => one.Route,
                    static one => new RouteLimits(new RouteLimitsConfig { MaxConnections = one.Most }, new NetworkRules(null, []))
                ),
            _endpoints
        );

    private bool Comes(string route)
    {
        var record = Open(route);
        if (_limiters.OfRoute(route).Admits(record))
        {
            return true;
        }

        End(record);
        return false;
    }

    private ConnectionRecord Open(string? route)
    {
        var record = new ConnectionRecord(new FakeConnection(), "endpoint", "", _time);
        _tracker.Add(record);
        record.RouteId = route;
        return record;
    }

    private void End(ConnectionRecord record)
    {
        record.GiveBack();
        _tracker.Remove(record);
    }
}
