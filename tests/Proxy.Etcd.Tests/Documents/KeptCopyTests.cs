using System.Net;
using System.Net.Sockets;

namespace Proxy.Etcd.Tests.Documents;

public sealed class KeptCopyTests : IDisposable
{
    private readonly SharedLayersFixture _fixture = new();

    [Fact]
    public async Task Open_DocumentIsGoneAndACopyWasKept_ItRunsAndTheRemovalIsRejected()
    {
        var first = Put("one");
        await (await SharedHost.StartAsync(_fixture)).DisposeAsync();
        _fixture.Cluster.LoseData();

        await using var host = await SharedHost.StartAsync(_fixture);

        await Eventually.TrueAsync(() => host.State.Rejected.Count > 0);
        Assert.Equal(
            "etcd:fleet: was removed from the engine, and its last content stays in use; write it again with 'proxy config put fleet FILE'.",
            host.State.Rejected[0].ToString()
        );
        Assert.Equal(("one", first), (host.Clusters, host.Document.Running));
        Assert.Contains(
            $"Warning: etcd:fleet does not exist in the engine, so the host starts with revision {first}, which was kept in {_fixture.Copy}.",
            _fixture.Log.All
        );
        Put("two");
        await Eventually.TrueAsync(() => host.Clusters == "two");
    }

    // One that waits for an address runs long after others have come.
    [Fact]
    public async Task Runs_ContentHasWaitedForAnAddress_IsKept()
    {
        Put("one");
        await using var host = await SharedHost.StartAsync(_fixture);
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        _fixture.Cluster.Put(
            SharedLayersFixture.Key,
            SharedLayersFixture.Document("two").Replace("127.0.0.1:0", $"{taken.LocalEndpoint}", StringComparison.Ordinal)
        );
        await Eventually.TrueAsync(() => host.State.Pending is not null);
        for (var number = 0; number < 5; number++)
        {
            _fixture.Cluster.Put(
                SharedLayersFixture.Key,
                $$$"""{ "ReverseProxy": { "TcpRoutes": { "r": { "Listen": "127.0.0.1:0", "ClusterId": "no{{{number}}}" } } } }"""
            );
            await Eventually.TrueAsync(() => host.State.Rejected.Any(one => $"{one}".Contains($"no{number}", StringComparison.Ordinal)));
        }

        taken.Stop();

        await Eventually.TrueAsync(() =>
        {
            _fixture.Time.Advance(TimeSpan.FromSeconds(1));
            return host.Clusters == "two";
        });
        await Eventually.TrueAsync(() => File.ReadAllText(_fixture.Copy).Contains("\"two\"", StringComparison.Ordinal));
    }

    public void Dispose() => _fixture.Dispose();

    private long Put(string cluster) => _fixture.Cluster.Put(SharedLayersFixture.Key, SharedLayersFixture.Document(cluster));
}
