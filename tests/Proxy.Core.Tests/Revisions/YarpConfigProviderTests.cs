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
    private readonly ServiceDirectory _services = new(
        static (_, _) => throw new NotSupportedException(),
        TimeProvider.System,
        NullLogger<ServiceDirectory>.Instance
    );

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
