using Proxy.Connections;
using Proxy.Etcd.Locking;

namespace Proxy.Etcd.Tests.Locking;

/// <summary>A host of the schedule: its process, its lease in virtual time, and what is wrong with it.</summary>
internal sealed class LockFleetHost(LockHostProcess process, TimeSpan now)
{
    private readonly Dictionary<LockHostProcess.Client, TimeSpan> _until = [];
    private readonly Dictionary<LockHostProcess.Client, TimeSpan> _lost = [];
    private TimeSpan _overslept = TimeSpan.MinValue;
    private TimeSpan _frozenUntil;
    private TimeSpan? _pausedUntil;
    private bool _isCut;
    private bool _isExpired; // in the engine
    private long _lease = process.Lease.Current!.Id;

    public static TimeSpan LeaseTime { get; } = TimeSpan.FromSeconds(10);

    public LockHostProcess Process => process;

    public List<LockHostProcess.Client> Waiting { get; } = [];

    public List<LockHostProcess.Client> Holding { get; } = [];

    /// <summary>When its lease was renewed last.</summary>
    public TimeSpan Renewed { get; private set; } = now;

    public TimeSpan CutUntil { get; set; }

    public bool IsFrozen { get; private set; }

    public void Enter() => Waiting.Add(process.Enter());

    public void LeaveQueue(Random random)
    {
        if (Waiting.Count > 0)
        {
            process.Queue.Leave(Waiting[random.Next(Waiting.Count)].Waiter, PeerDeparture.Reset);
        }
    }

    public void Freeze(TimeSpan until)
    {
        (IsFrozen, _frozenUntil) = (true, until);
        process.Keys.Freeze();
    }

    public void Pause(TimeSpan until)
    {
        _pausedUntil = until;
        process.Queue.Pause(true);
    }

    public void EndFaults(TimeSpan now) => (CutUntil, _frozenUntil, _pausedUntil) = (now, now, _pausedUntil is null ? null : now);

    /// <summary>Time passes: the engine ends a lease that was not renewed, and the process, unless it is frozen, notices what it can.</summary>
    public void Pass(TimeSpan now, TimeSpan step, bool isAway)
    {
        if (!isAway && !_isExpired && now - Renewed >= LeaseTime)
        {
            _isExpired = true; // an engine that is away ends no lease
            process.Engine.Cluster.End(_lease);
        }

        if (IsFrozen && now < _frozenUntil)
        {
            return;
        }

        _overslept = IsFrozen && now - Renewed >= LeaseTime ? now : _overslept;
        Cut(isAway || now < CutUntil);
        Lease(now);
        if (IsFrozen)
        {
            IsFrozen = false;
            process.Keys.Resume(); // knowing what time it is
        }

        if (_pausedUntil <= now)
        {
            _pausedUntil = null;
            process.Queue.Pause(false);
        }

        process.Time.Advance(step);
    }

    /// <summary>Whether it has seen all that has happened, and has done what follows.</summary>
    public bool IsSettled(long revision)
    {
        if (IsFrozen)
        {
            return true;
        }

        var (seen, isStale, isSending) = process.Permits.Progress();
        return (_isCut ? isStale : !isStale && seen >= revision)
            && !isSending
            && Waiting.Count(static client => !client.Result.IsCompleted) == process.Queue.Count().Waiting;
    }

    /// <summary>The clients that were let in since the last call.</summary>
    public List<LockHostProcess.Client> TakeAdmitted(TimeSpan now, Random random)
    {
        List<LockHostProcess.Client> admitted = [];
        if (IsFrozen)
        {
            return admitted;
        }

        var ended = Waiting.Where(static client => client.Result.IsCompleted).ToList();
        foreach (var client in ended)
        {
            if (client.IsAdmitted)
            {
                var isAhead = Waiting.TakeWhile(other => other != client).Any(static other => !other.Result.IsCompleted);
                Assert.False(isAhead, "One that waits on the same host was overtaken.");
                Holding.Add(client);
                _until[client] = now + TimeSpan.FromSeconds(0.5 + (random.NextDouble() * 5));
                admitted.Add(client);
            }
        }

        Waiting.RemoveAll(static client => client.Result.IsCompleted);
        return admitted;
    }

    /// <summary>
    /// The clients that were reset so short a time ago that the service may still serve them, without those whose host was frozen beyond its lease.
    /// </summary>
    public int CountReset(TimeSpan now, TimeSpan notice)
    {
        foreach (var client in Holding.Where(static client => client.IsLost))
        {
            _lost.TryAdd(client, now == _overslept ? now - notice : now);
        }

        return _lost.Count(one => now - one.Value < notice);
    }

    /// <summary>Lets those go whose time is over, and those that have lost their permit.</summary>
    public int Serve(TimeSpan now, Random random)
    {
        var ends = Holding.Where(client => client.IsLost ? random.Next(2) == 0 : _until[client] <= now).ToList();
        foreach (var client in ends)
        {
            Holding.Remove(client);
            _until.Remove(client);
            client.Leave();
        }

        return ends.Count;
    }

    /// <summary>The keys of its clients.</summary>
    public HashSet<string?> Keys() => [.. Waiting.Concat(Holding).Select(static client => ((GlobalTicket)client.Waiter.Ticket!).Key)];

    private void Cut(bool isCut)
    {
        if (isCut == _isCut)
        {
            return;
        }

        _isCut = isCut;
        if (isCut)
        {
            process.Engine.Leave();
        }
        else
        {
            process.Engine.Return();
        }
    }

    private void Lease(TimeSpan now)
    {
        Renewed = !_isCut && !_isExpired && now - Renewed < LeaseTime ? now : Renewed;
        var left = LeaseTime - (now - Renewed);
        if (process.Lease.Current is not null)
        {
            process.Lease.Leave(left > TimeSpan.Zero ? left : TimeSpan.Zero);
            if (left <= TimeSpan.Zero || (_isExpired && !_isCut))
            {
                process.Lease.EndHere();
            }
        }

        if (process.Lease.Current is null && !_isCut)
        {
            process.Lease.Grant();
            (Renewed, _isExpired, _lease) = (now, false, process.Lease.Current!.Id);
        }
    }
}
