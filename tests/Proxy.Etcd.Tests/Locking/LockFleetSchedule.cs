using System.Globalization;
using Proxy.Etcd.Client;
using Proxy.Etcd.Locking;

namespace Proxy.Etcd.Tests.Locking;

/// <summary>
/// Three hosts with one lock, to which anything may happen in any order, in virtual time: partitions, frozen and killed processes, answers that are lost,
/// compaction, an engine that is away. There are never more holders than permits, except on a host that is frozen beyond its lease; who is admitted stands
/// among the first keys of the engine; and when all is well again everybody is served.
/// </summary>
internal sealed class LockFleetSchedule : IDisposable
{
    private static readonly TimeSpan _step = TimeSpan.FromMilliseconds(500);
    private readonly MemoryCluster _cluster = new();
    private readonly Random _random;
    private readonly List<LockFleetHost> _hosts = [];
    private readonly List<LockFleetHost> _dead = [];
    private TimeSpan _now;
    private TimeSpan _awayUntil;
    private TimeSpan _editedAt;
    private int _permits = 2;
    private int _mostPermits = 2; // while those who were let in before the last edit may still be served
    private int _served;

    private LockFleetSchedule(int seed)
    {
        _random = new Random(seed);
        foreach (var name in new[] { "A", "B", "C" })
        {
            _hosts.Add(new(new LockHostProcess(_cluster, name, "0", _permits), _now));
        }
    }

    public static async Task<int> RunAsync(int seed, TimeSpan length)
    {
        using var schedule = new LockFleetSchedule(seed);
        while (schedule._now < length)
        {
            schedule.Happen();
            await schedule.PassAsync();
        }

        await schedule.EndAsync();
        Assert.True(schedule._served > length.TotalSeconds / 20, $"Hardly anybody was served: {schedule._served}.");
        return schedule._served;
    }

    public void Dispose()
    {
        foreach (var process in _hosts.Concat(_dead).Select(static host => host.Process))
        {
            process.Keys.Resume();
            process.Dispose();
        }
    }

    private void Happen()
    {
        var host = _hosts[_random.Next(_hosts.Count)];
        if (host.IsFrozen)
        {
            return;
        }

        switch (_random.Next(400))
        {
            case < 120:
                host.Enter();
                break;
            case < 130:
                host.LeaveQueue(_random);
                break;
            case < 133:
                host.CutUntil = _now + Seconds(20);
                break;
            case < 136:
                host.Freeze(_now + Seconds(25));
                break;
            case 136:
                Kill(host);
                break;
            case 137:
                _awayUntil = _now + Seconds(25);
                break;
            case 138:
                _cluster.Compact();
                break;
            case 139:
                _cluster.Resend();
                break;
            case < 146:
                host.Process.Engine.Fail("lock", happens: _random.Next(2) == 0);
                break;
            case 146:
                host.Pause(_now + Seconds(15));
                break;
            case 147 when !_hosts.Exists(static one => one.IsFrozen):
                Edit(1 + _random.Next(3));
                break;
        }
    }

    private TimeSpan Seconds(int most) => TimeSpan.FromSeconds(_random.NextDouble() * most);

    private void Edit(int permits)
    {
        (_mostPermits, _permits, _editedAt) = (Math.Max(_mostPermits, permits), permits, _now);
        _hosts.ForEach(host => host.Process.Queue.Apply(host.Process.Settings with { Permits = permits }));
    }

    // Another process takes its place; what is left of it is its lease, until that ends.
    private void Kill(LockFleetHost host)
    {
        host.Freeze(TimeSpan.MaxValue);
        _dead.Add(host);
        var epoch = _dead.Count.ToString(CultureInfo.InvariantCulture);
        _hosts[_hosts.IndexOf(host)] = new(new LockHostProcess(_cluster, host.Process.Name, epoch, _permits), _now);
    }

    private async Task PassAsync()
    {
        _now += _step;
        foreach (var host in _hosts.Concat(_dead))
        {
            host.Pass(_now, _step, isAway: _now < _awayUntil);
        }

        await SettleAsync();
        foreach (var host in _hosts.Where(static host => !host.IsFrozen))
        {
            _served += host.Serve(_now, _random);
        }

        await SettleAsync();
        _mostPermits = _now - _editedAt > TimeSpan.FromMinutes(2) ? _permits : _mostPermits;
    }

    private async Task SettleAsync()
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (!_hosts.TrueForAll(host => host.IsSettled(_cluster.Revision)))
        {
            Assert.False(limit.IsCancellationRequested, $"The hosts do not come to rest at {_now}.");
            await Task.Yield();
        }

        var admitted = _hosts.SelectMany(host => host.TakeAdmitted(_now, _random)).ToList();
        var keys = _cluster.Keys;
        foreach (var client in admitted)
        {
            var ahead = Ahead(client, keys);
            Assert.True(ahead < _mostPermits, $"{client.Host.Name} has let a client in at {_now} before {ahead} others.");
        }

        var reset = _hosts.Sum(host => host.CountReset(_now, Grace.Length - _step)); // hosts are out of step
        Assert.True(
            admitted.Count == 0 || reset + Holders().Count <= _mostPermits,
            $"The service of {reset} has no time to notice at {_now}."
        );

        // One whose host is frozen beyond its lease does not know yet that it has lost its permit.
        var holders = Holders();
        Assert.True(holders.Count <= _mostPermits, $"{holders.Count} hold at {_now}, with {_permits} permits.");
        Assert.Equal(holders.Count, holders.DistinctBy(static client => client.Token).Count());
    }

    private List<LockHostProcess.Client> Holders() =>
        [
            .. _hosts
                .Where(host => !host.IsFrozen || _now - host.Renewed < LockFleetHost.LeaseTime)
                .SelectMany(static host => host.Holding)
                .Where(static client => !client.IsLost),
        ];

    // The keys before that of a client, without those that its own process has given up already.
    private int Ahead(LockHostProcess.Client client, IReadOnlyList<StoredKey> keys)
    {
        var known = _hosts.First(host => host.Process == client.Host).Keys();
        var own = $"/{client.Host.Name}-{client.Host.Epoch}-";
        return keys.Count(key =>
            !key.Key.EndsWith("/released", StringComparison.Ordinal)
            && (!key.Key.Contains(own, StringComparison.Ordinal) || known.Contains(key.Key))
            && (key.CreateRevision * KeyPlace.MostAtOnce) + LockRecord.Parse(key.Value).Order < client.Token
        );
    }

    private string Describe() =>
        string.Join(
            "; ",
            _hosts.Select(host =>
                $"{host.Process.Name}{host.Process.Epoch}: {host.Waiting.Count} wait, {host.Holding.Count} hold, {host.Process.Shared.State} {host.Process.Permits.Progress()}"
            )
        ) + $"; keys: {string.Join(' ', _cluster.Keys.Select(static key => key.Key[(key.Key.LastIndexOf('/') + 1)..]))}";

    private async Task EndAsync()
    {
        _awayUntil = _now;
        foreach (var host in _hosts)
        {
            host.EndFaults(_now);
        }

        var limit = _now + TimeSpan.FromHours(1);
        while (_hosts.Exists(static host => host.Waiting.Count + host.Holding.Count > 0))
        {
            Assert.True(_now < limit, $"Somebody waits for ever: {Describe()}");
            await PassAsync();
        }

        for (var end = _now + TimeSpan.FromSeconds(30); _now < end; )
        {
            await PassAsync();
        }

        var left = _cluster.Keys.Where(static key => !key.Key.EndsWith("/released", StringComparison.Ordinal)).ToList();
        Assert.True(
            left.Count == 0,
            $"Keys are left: {string.Join(' ', left.Select(static key => $"{key.Key}@{key.CreateRevision} of lease {key.Lease}"))}"
        );
    }
}
