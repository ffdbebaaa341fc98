using System.Globalization;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging.Abstractions;
using Proxy.Configuration.Locking;
using Proxy.Diagnostics;
using Proxy.Etcd.Client;
using Proxy.Etcd.Locking;
using Proxy.Hooks;
using Proxy.Locking;

namespace Proxy.Etcd.Tests.Locking;

/// <summary>A process with one global lock, whose clients a test has in its hands. It has a clock of its own, since one that is frozen has none.</summary>
internal sealed class LockHostProcess : IDisposable
{
    public const string Route = "office";
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);
    private readonly GlobalPermitStore _store;
    private int _clients;

    public LockHostProcess(
        MemoryCluster cluster,
        string name,
        string epoch = "e",
        int permits = 1,
        WhenEngineLost whenLost = WhenEngineLost.Hold
    )
    {
        (Name, Epoch) = (name, epoch);
        Keys = new FrozenKeyStore(cluster.Join());
        Settings = Empty(Time) with { Permits = permits, WhenEngineLost = whenLost };
        _store = new GlobalPermitStore(
            Keys,
            new EngineKeys("/proxy", "prod"),
            new LockHost(name, epoch),
            Patience,
            Time,
            NullLogger<GlobalPermitStore>.Instance
        );
        var store = new Opened(_store);
        Queue = new LockQueue(Route, Settings, store, Time);
        Permits = store.Permits!;
    }

    public IPermitStore Store => _store;

    public string Name { get; }

    public string Epoch { get; }

    public ManualTime Time { get; } = new();

    public FrozenKeyStore Keys { get; }

    public MemoryKeyStore Engine => Keys.Inner;

    public MemoryLease Lease => Engine.Lease;

    public LockQueue Queue { get; }

    public GlobalPermits Permits { get; }

    public LockSettings Settings { get; }

    public SharedLockStatus Shared => Queue.Describe().Shared!;

    public static LockSettings Empty(TimeProvider time)
    {
        var none = new HookList([], null!, time, NullLogger<HookList>.Instance);
        return new()
        {
            Permits = 1,
            QueueLimit = 10_000,
            QueueTimeout = Timeout.InfiniteTimeSpan,
            MaxHold = Timeout.InfiniteTimeSpan,
            ReleaseDelay = TimeSpan.Zero,
            DropQueued = DropQueued.WhenSilent,
            ProceedsOnHookFailure = false,
            OnActivate = none,
            OnTimeout = none,
            OnRelease = none,
            Service = null!,
        };
    }

    /// <summary>A client comes to the lock.</summary>
    public Client Enter()
    {
        var connection = new DefaultConnectionContext((++_clients).ToString(CultureInfo.InvariantCulture));
        var waiter = new LockWaiter(connection, new ConnectionRecord(connection, "", "", Time), Time.GetTimestamp());
        return new(this, waiter, Queue.EnterAsync(waiter).AsTask());
    }

    /// <summary>A client comes to the lock, and the engine knows it.</summary>
    public async Task<Client> EnterAsync()
    {
        var client = Enter();
        await Eventually.TrueAsync(() => client.IsKnown);
        return client;
    }

    /// <summary>Lets the time after a start pass in which nobody is admitted.</summary>
    public async Task<LockHostProcess> StartedAsync()
    {
        await Eventually.TrueAsync(() => Permits.Progress().Revision > 0);
        Time.Advance(TimeSpan.FromSeconds(2));
        return this;
    }

    public void Dispose() => Queue.Dispose();

    /// <summary>A client of a host.</summary>
    internal sealed record Client(LockHostProcess Host, LockWaiter Waiter, Task<ConnectionOutcome?> Result)
    {
        public bool IsAdmitted => Result.IsCompletedSuccessfully && Result.GetAwaiter().GetResult() is null;

        public bool IsLost => Waiter.Lost.IsCancellationRequested;

        public bool IsKnown => Waiter.Ticket is { Rank: not null };

        public long Token => Waiter.FencingToken ?? 0;

        public void Leave() => Host.Queue.Release(Waiter);
    }

    // Keeps what the queue opens.
    private sealed class Opened(IPermitStore store) : IPermitStore
    {
        public GlobalPermits? Permits { get; private set; }

        public string Name => store.Name;

        public IPermits Open(string routeId, Action available) => Permits = (GlobalPermits)store.Open(routeId, available);
    }
}
