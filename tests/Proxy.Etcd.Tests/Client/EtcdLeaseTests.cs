using System.Globalization;
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
        var clock = new LeaseClock();
        var config = EtcdClients.Patient with { Endpoints = [line.Url] };
        await using var client = EtcdClients.Of(config, log, clock: clock, random: random);
        client.Start();
        var term = await client.Lease.WaitAsync(CancellationToken.None);

        random.IsBroken = true;
        line.Cut();
        clock.Pass(config.LeaseTime / 3); // it is to be renewed
        await Eventually.TrueAsync(() => Has(log, "Renewing the lease failed unexpectedly"));
        random.IsBroken = false;
        line.Mend();

        await Eventually.TrueAsync(() => term.Left == config.LeaseTime); // all of it again: renewed
        Assert.False(term.Ended.IsCancellationRequested);
        Assert.Same(term, client.Lease.Current);
    }

    [EtcdFact]
    public async Task OverHere_AnswerOfARenewalIsLate_IsToldAsThatAndTheOldLeaseIsRevoked()
    {
        using var log = new LogLines();
        var clock = new Clock();
        await using var client = EtcdClients.Of(await fixture.ServerAsync(), log: log, clock: clock);
        client.Start();
        var term = await client.Lease.WaitAsync(CancellationToken.None);
        await client.PutAsync("/over/a", "1", term.Id);

        // It ends without a timer that says so: the first answer finds it over. A lease that nobody knows makes it ask.
        clock.Later = TimeSpan.FromSeconds(601);
        await Assert.ThrowsAsync<EngineException>(() => client.PutAsync("/over/b", "1", lease: 1));

        await Eventually.TrueAsync(() => client.Lease.Current is { } current && current.Id != term.Id);
        Assert.Null(await client.GetAsync("/over/a", CancellationToken.None));
        Assert.True(term.Ended.IsCancellationRequested);
        Assert.True(Has(log, "The lease has ended, since it was not renewed in time"));
        Assert.False(Has(log, "does not know the lease"));
    }

    [EtcdFact]
    public async Task Doubt_LeaseIsRevoked_IsAskedForAtOnce()
    {
        var server = await fixture.ServerAsync();
        await using var client = EtcdClients.Of(server, clock: new Clock());
        client.Start();
        var term = await client.Lease.WaitAsync(CancellationToken.None);
        await server.ControlAsync("lease", "revoke", term.Id.ToString("x", CultureInfo.InvariantCulture));

        // On this clock no renewal is ever due: only the refused write makes it ask.
        await Assert.ThrowsAsync<EngineException>(() => client.PutAsync("/doubt/a", "1", term.Id));

        await Eventually.TrueAsync(() => client.Lease.Current is { } current && current.Id != term.Id);
        Assert.True(term.Ended.IsCancellationRequested);
    }

    private static bool Has(LogLines log, string part) => log.Lines.Any(line => line.Contains(part, StringComparison.Ordinal));

    // Goes when a test says so, and its timers never end.
    private sealed class Clock : TimeProvider
    {
        private long _ticks = 1;

        public TimeSpan Later
        {
            set => Interlocked.Add(ref _ticks, value.Ticks);
        }

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => Interlocked.Read(ref _ticks);

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            System.CreateTimer(callback, state, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }
}
