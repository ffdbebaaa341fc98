using Proxy.Etcd.Client;

namespace Proxy.Etcd.Tests.Client;

/// <summary>The watches of a client of a real etcd.</summary>
public sealed class EtcdWatchesTests(EtcdFixture fixture) : IClassFixture<EtcdFixture>
{
    [EtcdFact]
    public async Task Unexpected_IsToldAndTheWatchIsOpenedAfterIt()
    {
        using var log = new LogLines();
        var server = await fixture.ServerAsync();
        using var line = new BrokenLine(server.Endpoints[0]);
        var random = new BrokenRandom();
        await using var client = EtcdClients.Of(new() { Endpoints = [line.Url] }, log, random: random);
        await using var watch = new WatchReader(client, "/unexpected/");
        await watch.NextAsync<KeyUpdate.Full>();
        await client.PutAsync("/unexpected/a", "1");
        await watch.UntilAsync(static keys => keys.ContainsKey("/unexpected/a"));

        random.IsBroken = true;
        line.Cut();
        Assert.Contains(BrokenRandom.Message, (await watch.NextAsync<KeyUpdate.Stale>()).Reason, StringComparison.Ordinal);
        Assert.Contains(log.Lines, static text => text.Contains("The watch of the engine failed unexpectedly", StringComparison.Ordinal));
        random.IsBroken = false;
        line.Mend();

        await server.ControlAsync("put", "/unexpected/b", "1");
        await watch.UntilAsync(static keys => keys.ContainsKey("/unexpected/b"));
    }
}
