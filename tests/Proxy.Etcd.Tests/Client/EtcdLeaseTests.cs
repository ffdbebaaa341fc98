using Proxy.Configuration.Engine;
using Proxy.Etcd.Client;

namespace Proxy.Etcd.Tests.Client;

/// <summary>The lease of a client of a real etcd.</summary>
public sealed class EtcdLeaseTests(EtcdFixture fixture) : IClassFixture<EtcdFixture>
{
    [EtcdFact]
    public async Task Unexpected_IsToldAndTheSameLeaseIsRenewedAfterIt()
    {
        using var log = new LogLines();
        using var line = new BrokenLine((await fixture.ServerAsync()).Endpoints[0]);
        var random = new BrokenRandom();
        var config = new EtcdConfig { Endpoints = [line.Url], LeaseTime = TimeSpan.FromSeconds(12) };
        await using var client = EtcdClients.Of(config, log, random: random);
        client.Start();
        var term = await client.Lease.WaitAsync(CancellationToken.None);

        random.IsBroken = true;
        line.Cut();
        await Eventually.TrueAsync(() => Has(log, "Renewing the lease failed unexpectedly"));
        random.IsBroken = false;
        line.Mend();

        var left = term.Left;
        await Eventually.TrueAsync(() => term.Left is var now && (now > left || (left = now) == TimeSpan.Zero)); // more than before: renewed
        Assert.False(term.Ended.IsCancellationRequested);
        Assert.Same(term, client.Lease.Current);
    }

    private static bool Has(LogLines log, string part) => log.Lines.Any(line => line.Contains(part, StringComparison.Ordinal));
}
