using Proxy.Etcd.Client;

namespace Proxy.Etcd.Tests.Client;

/// <summary>Keys of a real etcd that does not fail.</summary>
public sealed class EtcdClientTests(EtcdFixture fixture) : IClassFixture<EtcdFixture>
{
    [EtcdFact]
    public async Task CommitAsync_Conditions_DecideAndRevisionsAreThoseOfKeys()
    {
        await using var client = EtcdClients.Of(await fixture.ServerAsync());

        Assert.Null(await client.GetAsync("/commit/a", CancellationToken.None));
        var created = await client.PutAsync("/commit/a", "1");
        var again = await client.PutAsync("/commit/a", "2");
        var stored = await client.GetAsync("/commit/a", CancellationToken.None);

        Assert.NotNull(stored);
        Assert.Equal(("2", created.Revision, again.Revision, 0), (stored.Text(), stored.CreateRevision, stored.ModRevision, stored.Lease));
        Assert.False((await CommitAsync(client, new KeyCondition.Absent("/commit/a"))).Succeeded);
        Assert.True((await CommitAsync(client, new KeyCondition.Absent("/commit/b"))).Succeeded);
        Assert.False((await CommitAsync(client, new KeyCondition.ModifiedAt("/commit/a", created.Revision))).Succeeded);
        Assert.True((await CommitAsync(client, new KeyCondition.ModifiedAt("/commit/a", again.Revision))).Succeeded);
        Assert.False((await CommitAsync(client, new KeyCondition.CreatedAt("/commit/a", again.Revision))).Succeeded);
        Assert.True((await CommitAsync(client, new KeyCondition.CreatedAt("/commit/a", created.Revision))).Succeeded);
    }

    [EtcdFact]
    public async Task ListAsync_TenThousandKeys_AreReadInPagesOfOneRevision()
    {
        await using var client = EtcdClients.Of(await fixture.ServerAsync());
        for (var i = 0; i < 10_000; i += 100)
        {
            var puts = Enumerable.Range(i, 100).Select(static n => new KeyOperation.Put($"/list/{n:d5}", new byte[100], 0));
            await client.CommitAsync(new() { Operations = [.. puts] }, CancellationToken.None);
        }

        await client.PutAsync("/list0", "behind the prefix");
        var full = await client.ListAsync("/list/", CancellationToken.None);

        Assert.Equal(Enumerable.Range(0, 10_000).Select(static n => $"/list/{n:d5}"), full.Keys.Select(static key => key.Key));
        Assert.True(full.Revision >= full.Keys.Max(static key => key.ModRevision));
    }

    [EtcdFact]
    public async Task ListAsync_PagesLargerThanAMessage_AreReadWithFewerKeys()
    {
        await using var client = EtcdClients.Of(await fixture.ServerAsync());
        for (var i = 0; i < 20; i++)
        {
            await client.CommitAsync(
                new() { Operations = [new KeyOperation.Put($"/large/{i:d2}", new byte[1_000_000], 0)] },
                CancellationToken.None
            );
        }

        var full = await client.ListAsync("/large/", CancellationToken.None);

        Assert.Equal(20, full.Keys.Count);
        Assert.All(full.Keys, static key => Assert.Equal(1_000_000, key.Value.Length));
    }

    [EtcdFact]
    public async Task WatchAsync_EmptyPrefix_IsFullAndThenEachRevisionIsOneChange()
    {
        await using var client = EtcdClients.Of(await fixture.ServerAsync());
        await using var watch = new WatchReader(client, "/watch/");

        Assert.Empty(Assert.IsType<KeyUpdate.Full>(await watch.NextAsync()).Keys);
        var two = await client.CommitAsync(
            new()
            {
                Operations = [new KeyOperation.Put("/watch/a", "1"u8.ToArray(), 0), new KeyOperation.Put("/watch/b", "2"u8.ToArray(), 0)],
            },
            CancellationToken.None
        );
        var gone = await client.RemoveAsync("/watch/a");

        var changed = Assert.IsType<KeyUpdate.Changed>(await watch.NextAsync());
        Assert.Equal((two.Revision, 2), (changed.Revision, changed.Changes.Count));
        var removed = Assert.IsType<KeyUpdate.Changed>(await watch.NextAsync());
        Assert.Equal((gone.Revision, new KeyChange("/watch/a", null)), (removed.Revision, Assert.Single(removed.Changes)));
    }

    [EtcdFact]
    public async Task Lease_RenewedAndRevoked_KeepsItsKeysUntilTheEnd()
    {
        var server = await fixture.ServerAsync();
        await using var other = EtcdClients.Of(server);
        var clock = new LeaseClock();
        await using var client = EtcdClients.Of(server, clock: clock);
        client.Start();
        var term = await client.Lease.WaitAsync(CancellationToken.None);
        await client.PutAsync("/lease/a", "1", term.Id);

        // Renewed when all of it is left again.
        clock.Pass(EtcdClients.Patient.LeaseTime / 3);
        await Eventually.TrueAsync(() => term.Left == EtcdClients.Patient.LeaseTime);

        Assert.Same(term, client.Lease.Current);
        Assert.Equal(term.Id, (await other.GetAsync("/lease/a", CancellationToken.None))?.Lease);
        await client.DisposeAsync();
        Assert.True(term.Ended.IsCancellationRequested);
        Assert.Null(await other.GetAsync("/lease/a", CancellationToken.None));
    }

    private static Task<KeyResult> CommitAsync(EtcdClient client, KeyCondition condition) =>
        client.CommitAsync(
            new() { Conditions = [condition], Operations = [new KeyOperation.Put("/commit/other", "x"u8.ToArray(), 0)] },
            CancellationToken.None
        );
}
