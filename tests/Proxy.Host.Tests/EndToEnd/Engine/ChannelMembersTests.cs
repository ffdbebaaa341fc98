using System.Globalization;
using Proxy.Host.Tests.EndToEnd.Servers;

namespace Proxy.Host.Tests.EndToEnd.Engine;

/// <summary>Three hosts whose members are in etcd, over all that happens to etcd and to one of them. Open connections go on.</summary>
public sealed class ChannelMembersTests
{
    [RealServerFact("etcd", "etcdctl")]
    public async Task Members_EngineIsKilledFrozenCompactedAndEmptied_NobodyIsToldOfALossAndConnectionsGoOn()
    {
        await using var etcd = await EtcdServer.StartAsync();
        await using var hosts = new ChannelHosts(etcd, "A_1", "A_2", "web-c");
        await hosts.StartAsync();
        Assert.Equal("web-c", await etcd.ControlAsync("get", "/proxy/prod/ip/0", "--print-value-only"));
        using var two = await hosts.ConnectAsync(0, 1);
        using var other = await hosts.ConnectAsync(1, 0);

        // Killed: the last set is kept, also for what is new.
        await etcd.KillAsync();
        await Task.WhenAll(Enumerable.Range(0, 3).Select(hosts.IsStaleAsync));
        await EchoAsync([two, other]);
        (await hosts.ConnectAsync(1, 2)).Dispose();

        // A restart after a crash while etcd is away: the address is that of the start before.
        var former = await hosts.EpochAsync(0, "web-c");
        await hosts.KillAsync(2);
        hosts.Run(2);
        await hosts.IsBoundAsync(2, 0);
        await Eventually.TrueAsync(() =>
            hosts.Log(2).Contains("'web-c' uses the local address 127.0.0.2 that it claimed at an earlier start", StringComparison.Ordinal)
        );
        using var back = await hosts.ConnectAsync(2, 0);
        await etcd.RestartAsync();
        await Eventually.TrueAsync(async () => await hosts.EpochAsync(0, "web-c") is { } now && now != former);
        await hosts.MeetAsync();
        using var three = await hosts.ConnectAsync(0, 2);
        TcpClientSocket[] open = [two, other, three, back];
        await EchoAsync(open);

        // Frozen for longer than all leases, which it ends when it goes on.
        var leases = await LeasesAsync(etcd);
        etcd.Freeze();
        await Task.WhenAll(Enumerable.Range(0, 3).Select(hosts.IsStaleAsync));
        await Task.WhenAll(Enumerable.Range(0, 3).Select(hosts.HasNoLeaseAsync));
        await EchoAsync(open);
        etcd.Thaw();
        await Eventually.TrueAsync(async () => (await LeasesAsync(etcd)) is { Count: 3 } now && !now.Overlaps(leases));
        await hosts.MeetAsync();
        await EchoAsync(open);
        Assert.Empty(hosts.Losses);

        // All data is lost.
        await etcd.LoseDataAsync();
        await Eventually.TrueAsync(async () => (await LeasesAsync(etcd)).Count == 3);
        await Eventually.TrueAsync(async () => await etcd.ControlAsync("get", "/proxy/prod/ip/0", "--print-value-only") == "web-c");
        await hosts.MeetAsync();
        await EchoAsync(open);
        Assert.Empty(hosts.Losses);

        // A host is restarted after a crash: one change, and its new process need not wait for the old lease.
        var epoch = await hosts.EpochAsync(0, "A_2");
        await hosts.KillAsync(1);
        Assert.Null(await two.ReadAsync());
        hosts.Run(1);
        await Eventually.TrueAsync(async () => await hosts.EpochAsync(0, "A_2") is { } now && now != epoch);
        await hosts.MeetAsync();
        (await hosts.ConnectAsync(0, 1)).Dispose();

        // A host is frozen beyond its lease, while what it would have seen is compacted. It is the only one that is lost.
        await hosts.SignalAsync(1, "STOP");
        await hosts.KnowsAsync(0, "web-c");
        await etcd.ControlAsync("put", "/proxy/prod/junk", "1");
        await etcd.ControlAsync("compaction", await RevisionAsync(etcd));
        await hosts.SignalAsync(1, "CONT");
        await hosts.MeetAsync();
        (await hosts.ConnectAsync(0, 1)).Dispose();
        (await hosts.ConnectAsync(1, 2)).Dispose();
        await EchoAsync([three, back]);

        // A clean stop is told at once, with the key.
        await hosts.SignalAsync(1, "TERM");
        Assert.Equal(0, await hosts.ExitAsync(1));
        Assert.Equal("", await etcd.ControlAsync("get", "/proxy/prod/m/A_2", "--print-value-only"));
        await hosts.KnowsAsync(0, "web-c");
    }

    private static async Task EchoAsync(IEnumerable<TcpClientSocket> clients)
    {
        foreach (var client in clients)
        {
            Assert.Equal("still", await client.AskAsync("still"));
        }
    }

    /// <summary>The leases of the members' keys.</summary>
    private static async Task<HashSet<string>> LeasesAsync(EtcdServer etcd)
    {
        var fields = await etcd.ControlAsync("get", "/proxy/prod/m/", "--prefix", "--write-out=fields");
        return
        [
            .. fields
                .Split('\n')
                .Where(static line => line.StartsWith("\"Lease\"", StringComparison.Ordinal))
                .Select(static line => line.Split(':')[1].Trim()),
        ];
    }

    private static async Task<string> RevisionAsync(EtcdServer etcd)
    {
        var fields = await etcd.ControlAsync("get", "none", "--write-out=fields");
        var line = fields.Split('\n').First(static line => line.StartsWith("\"Revision\"", StringComparison.Ordinal));
        return long.Parse(line.Split(':')[1], CultureInfo.InvariantCulture).ToString(CultureInfo.InvariantCulture);
    }
}
