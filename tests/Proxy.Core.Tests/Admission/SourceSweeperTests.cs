using System.Net;
using Microsoft.Extensions.Logging.Abstractions;
using Proxy.Admission;
using Proxy.Configuration.Networks;
using Proxy.Configuration.Routes;
using Proxy.Diagnostics;

namespace Proxy.Core.Tests.Admission;

public sealed class SourceSweeperTests
{
    [Fact]
    public async Task Start_AfterAFloodWithoutFurtherClients_TheSourcesAreForgotten()
    {
        var time = new ManualTime();
        var limiters = new Limiters(new ConnectionTracker(), time, NullLogger<Limiters>.Instance);
        limiters.Apply(
            ["r"],
            new Dictionary<string, RouteLimits> { ["r"] = new(new() { ConnectionsPerSecondPerSource = 1 }, new NetworkRules(null, [])) },
            []
        );
        var route = limiters.OfRoute("r");
        await using var sweeper = new SourceSweeper(limiters, time);
        await sweeper.StartAsync(CancellationToken.None);
        time.Advance(SourceSweeper.Interval - TimeSpan.FromSeconds(0.5));
        for (var i = 0; i < 100_000; i++)
        {
            Come(i);
        }

        time.Advance(TimeSpan.FromSeconds(0.5)); // a sweep, too early
        Assert.Equal(100_000, route.Sources);

        time.Advance(SourceSweeper.Interval);

        Assert.Equal(0, route.Sources);
        await sweeper.StopAsync(CancellationToken.None);

        void Come(int source)
        {
            var address = new IPAddress([10, (byte)(source >> 16), (byte)(source >> 8), (byte)source]);
            var record = new ConnectionRecord(new FakeConnection { RemoteEndPoint = new IPEndPoint(address, 1) }, "e", "", time);
            route.Admits(record);
            record.GiveBack();
        }
    }
}
