using Microsoft.Extensions.Logging.Abstractions;
using Proxy.Channels;
using Proxy.Channels.Monitoring;
using Proxy.Clusters.Services;
using Proxy.Configuration;
using Proxy.Core.Tests.Configuration;
using Proxy.Revisions;

namespace Proxy.Core.Tests.Revisions;

public sealed class YarpConfigProviderTests : IDisposable
{
    private readonly ConfigDocument _document = new();
    private readonly Dictionary<string, ChannelState> _channels = [];
    private readonly ManualTime _time = new();
    private readonly TaskCompletionSource<SrvAnswer> _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ServiceDirectory _services;

    public YarpConfigProviderTests() => _services = new((_, _) => _answer.Task, _time, NullLogger<ServiceDirectory>.Instance);

    [Fact]
    public async Task Refresh_CancelledWhileYarpApplies_EndsAtOnce()
    {
        var revision = Read();
        var provider = new YarpConfigProvider(
            new Lazy<Revision>(revision),
            new ConnectorClusters(() => _channels),
            new ServiceClusters(_services)
        );
        Assert.Empty(Assert.Single(provider.GetConfig().Clusters).Destinations!);
        _channels["db"] = new("db", "db", "request")
        {
            Listening = true,
            Ip = "127.0.0.1",
            Port = 1,
        };
        using var cancel = new CancellationTokenSource();

        var refreshing = provider.RefreshAsync(revision, TimeSpan.FromSeconds(30), _time, cancel.Token);
        Assert.Single(Assert.Single(provider.GetConfig().Clusters).Destinations!);
        Assert.False(refreshing.IsCompleted); // nobody is here to apply it
        await cancel.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => refreshing.WaitAsync(Eventually.Limit));
        Assert.Empty(Assert.Single(provider.GetConfig().Clusters).Destinations!);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Apply_NewService_WaitsForDnsAndFiveSecondsAtMost(bool answers)
    {
        var (before, after) = (Cluster("tcp://127.0.0.1:1"), Cluster("srv://_db._tcp.test"));
        var provider = Provider(before);
        Assert.Equal(["a"], Destinations(provider));

        var applying = provider.ApplyAsync(after, TimeSpan.FromSeconds(30), _time);
        await _time.WaitForTimerAsync(TimeSpan.FromSeconds(5));
        Assert.Equal(["a"], Destinations(provider));
        if (answers)
        {
            _answer.SetResult(new([new("db1.test", 5432, 0, 1)], TimeSpan.FromMinutes(5)));
        }
        else
        {
            _time.Advance(TimeSpan.FromSeconds(5));
        }

        await Eventually.TrueAsync(() => Destinations(provider) is not ["a"]);
        Assert.Equal(answers ? ["a:db1.test:5432"] : [], Destinations(provider));
        await Eventually.TrueAsync(() => TryApplied(provider, applying));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Apply_FailsOrIsCancelled_ServicesOfTheRunningRevisionKeepTheirServers(bool isCancelled)
    {
        var (running, edited) = (Cluster("srv://_db._tcp.test"), Cluster(isCancelled ? "srv://_other._tcp.test" : "tcp://127.0.0.1:1"));
        var provider = Provider(running);
        provider.GetConfig();
        _answer.SetResult(new([new("db1.test", 5432, 0, 1)], TimeSpan.FromMinutes(5)));
        await _services.WhenAskedAsync().WaitAsync(Eventually.Limit);
        using var cancel = new CancellationTokenSource();
        if (isCancelled)
        {
            await cancel.CancelAsync();
        }

        var applying = provider.ApplyAsync(edited, TimeSpan.FromSeconds(30), _time, cancel.Token);
        if (!isCancelled)
        {
            provider.ConfigurationApplyingFailed([provider.GetConfig()], new NotSupportedException());
            await Eventually.TrueAsync(() => TryApplied(provider, applying));
        }

        await Assert.ThrowsAnyAsync<Exception>(() => applying.WaitAsync(Eventually.Limit));
        Assert.Equal("db1.test", Assert.Single(_services.Find("_db._tcp.test")!).Target);
        Assert.Null(_services.Find("_other._tcp.test"));
    }

    private YarpConfigProvider Provider(Revision revision) =>
        new(new Lazy<Revision>(revision), new ConnectorClusters(() => _channels), new ServiceClusters(_services));

    private static bool TryApplied(YarpConfigProvider provider, Task applying)
    {
        provider.ConfigurationApplied([provider.GetConfig()]);
        return applying.IsCompleted;
    }

    private static List<string> Destinations(YarpConfigProvider provider) =>
        [.. Assert.Single(provider.GetConfig().Clusters).Destinations!.Keys];

    private Revision Cluster(string address)
    {
        var result = _document.Read(
            $$"""
            {
              "ReverseProxy": {
                "TcpRoutes": { "r": { "Listen": "127.0.0.1:9001", "ClusterId": "c" } },
                "Clusters": { "c": { "Destinations": { "a": { "Address": "{{address}}" } } } }
              }
            }
            """
        );
        Assert.Empty(result.Errors);
        return result.Revision!;
    }

    public void Dispose()
    {
        _services.Dispose();
        _document.Dispose();
    }

    private Revision Read()
    {
        var result = _document.Read(
            """
            {
              "Channels": { "Group": "test", "Instance": { "Id": "A_1" }, "Tunnel": { "Url": "http://127.0.0.1:15008" }, "Items": { "db": { "Type": "Request", "Connector": "db", "Port": 5000 } } },
              "ReverseProxy": {
                "TcpRoutes": { "r": { "Listen": "127.0.0.1:9001", "ClusterId": "c" } },
                "Clusters": { "c": { "Connector": "db" } }
              }
            }
            """
        );
        Assert.Empty(result.Errors);
        return result.Revision!;
    }
}
