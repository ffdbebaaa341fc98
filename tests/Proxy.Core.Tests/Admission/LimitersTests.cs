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

    private void Apply(params (string Route, int? Most)[] limits) =>
        _limiters.Apply(
            [.. limits.Select(static one => one.Route)],
            limits
                .Where(static one => one.Most is not null)
                .ToDictionary(
                    static one => one.Route,
                    static one => new RouteLimits(new RouteLimitsConfig { MaxConnections = one.Most }, new NetworkRules(null, []))
                )
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
