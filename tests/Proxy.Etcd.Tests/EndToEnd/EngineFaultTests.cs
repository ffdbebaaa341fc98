using System.Globalization;
using Proxy.Configuration.Engine;
using Proxy.Etcd.Client;

namespace Proxy.Etcd.Tests.EndToEnd;

/// <summary>What the client of a real etcd does when that is killed, frozen, cut off, compacted, full, or has lost its data.</summary>
public sealed class EngineFaultTests
{
    private static readonly TimeSpan _third = EtcdClients.Patient.LeaseTime / 3; // after which a lease is renewed

    [EtcdFact]
    public async Task Killed_WatchIsStale_ThenFreshAndNothingIsMissed()
    {
        await using var server = await EtcdServer.StartAsync();
        await using var client = EtcdClients.Of(server);
        client.Start();
        await using var watch = new WatchReader(client, "/k/");
        await client.PutAsync("/k/a", "1");
        await watch.UntilAsync(static keys => keys.ContainsKey("/k/a"));

        await server.KillAsync();
        Assert.Contains("cannot be connected", (await watch.NextAsync<KeyUpdate.Stale>()).Reason, StringComparison.Ordinal);
        var failed = await Assert.ThrowsAsync<EngineException>(() => client.PutAsync("/k/b", "1"));
        Assert.False(failed.MayHaveHappened);
        await Eventually.TrueAsync(() => client.Status is { Unreachable.Count: > 0, ConnectedSince: null });
        await server.RestartAsync();
        await server.ControlAsync("put", "/k/c", "3");

        await watch.UntilAsync(static keys => keys.ContainsKey("/k/c"));
        Assert.Equal(["/k/a", "/k/c"], watch.Keys.Keys);
        await Eventually.TrueAsync(() => client.Status is { Unreachable: null, ConnectedSince: not null, Reconnects: > 0 });
    }

    [EtcdFact]
    public async Task Frozen_LeaseEndsHereByItsOwnClock_AndThereIsAnotherAfterIt()
    {
        await using var server = await EtcdServer.StartAsync();
        var quick = new EtcdConfig { LeaseTime = TimeSpan.FromSeconds(4), Timeout = TimeSpan.FromSeconds(1) };
        await using var client = EtcdClients.Of(server, quick);
        client.Start();
        await using var watch = new WatchReader(client, "/f/");
        var term = await PutWithLeaseAsync(client, "/f/a");
        await watch.UntilAsync(all => all.GetValueOrDefault("/f/a") == Name(term));

        server.Freeze();
        await watch.NextAsync<KeyUpdate.Stale>();
        await Eventually.TrueAsync(() => term.Ended.IsCancellationRequested);
        Assert.True(term.NearEnd.IsCancellationRequested);
        Assert.Equal(TimeSpan.Zero, term.Left);
        await Eventually.TrueAsync(() => client.Status.LeaseLostSince is not null);
        server.Thaw();

        var next = await client.Lease.WaitAsync(CancellationToken.None).AsTask().WaitAsync(Eventually.Limit);
        Assert.NotEqual(term.Id, next.Id);
        await watch.UntilAsync(static all => all.Count == 0);
        await Eventually.TrueAsync(() => client.Status is { LeaseLostSince: null, Unreachable: null });
    }

    [EtcdFact]
    public async Task ThreeMembers_LeaderKilled_WatchAndLeaseGoOn()
    {
        await using var server = await EtcdServer.StartAsync(members: 3);
        var clock = new LeaseClock();
        await using var client = EtcdClients.Of(server, clock: clock);
        client.Start();
        var term = await client.Lease.WaitAsync(CancellationToken.None);
        await using var watch = new WatchReader(client, "/l/");
        await watch.NextAsync<KeyUpdate.Full>();
        var written = new List<string>();
        for (var i = 0; i < 60; i++)
        {
            if (i == 20)
            {
                await server.KillAsync(await server.LeaderAsync());
                clock.Pass(_third);
            }

            try
            {
                await client.PutAsync($"/l/{i:d2}", "x", term.Id);
                written.Add($"/l/{i:d2}");
            }
            catch (EngineException)
            {
                // While there is no leader; it may have happened.
            }
        }

        Assert.True(written.Count > 30, $"{written.Count} of 60 were written.");
        await watch.UntilAsync(keys => written.TrueForAll(keys.ContainsKey));
        await Eventually.TrueAsync(() => term.Left == EtcdClients.Patient.LeaseTime); // renewed
        Assert.Same(term, client.Lease.Current);
        Assert.False(term.NearEnd.IsCancellationRequested);
    }

    [EtcdFact]
    public async Task CompactedWhileCutOff_AllKeysComeAgain_WithoutTheRemovedOnes()
    {
        await using var server = await EtcdServer.StartAsync();
        using var line = new BrokenLine(server.Endpoints[0]);
        await using var client = EtcdClients.Of(EtcdClients.Patient with { Endpoints = [line.Url] });
        await using var watch = new WatchReader(client, "/c/");
        await server.ControlAsync("put", "/c/a", "1");
        await server.ControlAsync("put", "/c/b", "1");
        await watch.UntilAsync(static keys => keys.Count == 2);

        line.Cut();
        await watch.NextAsync<KeyUpdate.Stale>();
        await server.ControlAsync("del", "/c/a");
        await server.ControlAsync("put", "/c/b", "2");
        var revision = (await EtcdClients.RevisionAsync(server)).ToString(CultureInfo.InvariantCulture);
        await server.ControlAsync("compact", revision);
        line.Mend();

        var full = await watch.NextAsync<KeyUpdate.Full>();
        Assert.Equal("2", Assert.Single(full.Keys).Text());
        await watch.NextAsync<KeyUpdate.Fresh>();
        await server.ControlAsync("put", "/c/c", "3");
        await watch.UntilAsync(static keys => keys.ContainsKey("/c/c"));
    }

    [EtcdFact]
    public async Task DataLost_AllKeysAndTheLeaseAreAnew()
    {
        await using var server = await EtcdServer.StartAsync();
        var clock = new LeaseClock();
        await using var client = EtcdClients.Of(server, clock: clock);
        client.Start();
        var term = await client.Lease.WaitAsync(CancellationToken.None);
        await client.PutAsync("/d/own", "1", term.Id);
        await server.ControlAsync("put", "/d/other", "1");
        await using var watch = new WatchReader(client, "/d/");
        await watch.UntilAsync(static all => all.Count == 2);

        await server.LoseDataAsync();

        await watch.UntilAsync(static all => all.Count == 0);
        clock.Pass(_third);
        await Eventually.TrueAsync(() => term.Ended.IsCancellationRequested);
        var next = await client.Lease.WaitAsync(CancellationToken.None).AsTask().WaitAsync(Eventually.Limit);
        Assert.NotSame(term, next);
        await client.PutAsync("/d/own", "1", next.Id);
        await watch.UntilAsync(static all => all.ContainsKey("/d/own"));
    }

    [EtcdFact]
    public async Task RestoredFromASnapshot_KeysAreThoseOfTheSnapshot()
    {
        await using var server = await EtcdServer.StartAsync();
        await using var client = EtcdClients.Of(server);
        client.Start();
        await server.ControlAsync("put", "/s/old", "1");
        var snapshot = server.FileOf("snapshot");
        await server.ControlAsync("snapshot", "save", snapshot);
        await server.ControlAsync("put", "/s/new", "1");
        await using var watch = new WatchReader(client, "/s/");
        await watch.UntilAsync(static keys => keys.Count == 2);

        await server.RestoreAsync(snapshot);

        await watch.UntilAsync(static keys => keys.Count == 1);
        Assert.Equal(["/s/old"], watch.Keys.Keys);
        await server.ControlAsync("put", "/s/then", "1");
        await watch.UntilAsync(static keys => keys.ContainsKey("/s/then"));
    }

    [EtcdFact]
    public async Task QuotaExceeded_WritesAreRefusedAndReadsAreNot()
    {
        await using var server = await EtcdServer.StartAsync(1, null, "--quota-backend-bytes", "2000000");
        await using var client = EtcdClients.Of(server);
        EngineException? refused = null;
        for (var i = 0; i < 100 && refused is null; i++)
        {
            try
            {
                await client.CommitAsync(
                    new() { Operations = [new KeyOperation.Put($"/q/{i}", new byte[200_000], 0)] },
                    CancellationToken.None
                );
            }
            catch (EngineException exception)
            {
                refused = exception;
            }
        }

        Assert.NotNull(refused);
        Assert.Equal((true, false), (refused.IsRefused, refused.MayHaveHappened));
        Assert.Contains("database space exceeded", refused.Message, StringComparison.Ordinal);
        Assert.NotEmpty((await client.ListAsync("/q/", CancellationToken.None)).Keys);
        Assert.Contains("space", client.Status.Refused?.LastError, StringComparison.Ordinal);
        Assert.Null(client.Status.Unreachable);
    }

    [EtcdFact]
    public async Task LeaseRevokedByAnOperator_ThereIsAnotherOne()
    {
        await using var server = await EtcdServer.StartAsync();
        var clock = new LeaseClock();
        await using var client = EtcdClients.Of(server, clock: clock);
        client.Start();
        var term = await client.Lease.WaitAsync(CancellationToken.None);

        await server.ControlAsync("lease", "revoke", term.Id.ToString("x", CultureInfo.InvariantCulture));
        clock.Pass(_third);

        await Eventually.TrueAsync(() => term.Ended.IsCancellationRequested);
        var next = await client.Lease.WaitAsync(CancellationToken.None).AsTask().WaitAsync(Eventually.Limit);
        await client.PutAsync("/r/a", "1", next.Id);
        Assert.Equal(next.Id, await EtcdClients.LeaseOfAsync(client, "/r/a"));
    }

    [EtcdFact]
    public async Task Storm_ManyWatches_EachSeesEachChangeOnce()
    {
        await using var server = await EtcdServer.StartAsync();
        await using var client = EtcdClients.Of(server);
        using var stop = new CancellationTokenSource(Eventually.Limit);
        var watching = Enumerable.Range(0, 100).Select(_ => CountAsync(client, stop.Token)).ToList();
        for (var i = 0; i < 300; i++)
        {
            await client.PutAsync("/w/key", $"{i}");
        }

        await client.PutAsync("/w/end", "");
        foreach (var changes in await Task.WhenAll(watching))
        {
            Assert.Equal(Enumerable.Range(300 - changes.Count, changes.Count), changes);
        }
    }

    // A write may have to wait longer than its limit, and the lease may have ended before it. The value names the lease.
    private static async Task<LeaseTerm> PutWithLeaseAsync(EtcdClient client, string key)
    {
        LeaseTerm? term = null;
        await Eventually.TrueAsync(async () =>
        {
            try
            {
                term = await client.Lease.WaitAsync(CancellationToken.None);
                await client.PutAsync(key, Name(term), term.Id);
                return true;
            }
            catch (EngineException)
            {
                return false;
            }
        });
        return term!;
    }

    private static string Name(LeaseTerm term) => term.Id.ToString(CultureInfo.InvariantCulture);

    // The values of the key that come as changes, which go on from those of the first list.
    private static async Task<List<int>> CountAsync(EtcdClient client, CancellationToken stop)
    {
        var values = new List<int>();
        await foreach (var update in client.WatchAsync("/w/", stop))
        {
            foreach (var change in (update as KeyUpdate.Changed)?.Changes ?? [])
            {
                if (change.Key == "/w/end")
                {
                    return values;
                }

                values.Add(int.Parse(change.Now!.Text(), CultureInfo.InvariantCulture));
            }
        }

        return values;
    }
}
