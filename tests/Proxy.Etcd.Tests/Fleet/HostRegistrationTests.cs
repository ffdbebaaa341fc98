using Microsoft.Extensions.Logging.Abstractions;
using Proxy.Conditions;
using Proxy.Engine;
using Proxy.Etcd.Client;
using Proxy.Etcd.Fleet;

namespace Proxy.Etcd.Tests.Fleet;

public sealed class HostRegistrationTests : IAsyncLifetime
{
    private const string Key = "/proxy/g/host/A_1";
    private static readonly EngineKeys _keys = new("/proxy", "g");
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(15);

    private readonly CancellationTokenSource _stop = new();
    private readonly List<Task> _running = [];
    private readonly MemoryCluster _cluster = new();
    private readonly ManualTime _time = new();

    [Fact]
    public async Task RunAsync_RecordChanges_IsWrittenUnderTheLeaseAndAfterASecond()
    {
        var one = Start("e1");
        await StoredAsync(static host => host.Epoch == "e1");
        Assert.Equal(one.Store.Lease.Current!.Id, _cluster.Get(Key)!.Lease);
        var before = _cluster.Revision;

        one.Host = one.Host with { Revision = "abc", Documents = [new("edge", 7)] };
        one.Registration.Look();
        await _time.WaitForTimerAsync(HostRegistration.Interval);
        Assert.Equal(before, _cluster.Revision);
        await StoredAsync(static host => host is { Revision: "abc", Documents: [{ Name: "edge", Revision: 7 }] });

        Assert.Equal(before + 1, _cluster.Revision);
    }

    [Fact]
    public async Task RunAsync_HealthAloneFlaps_IsWrittenTwiceAMinute()
    {
        var one = Start("e1");
        await StoredAsync(static host => host.Level == ConditionLevel.Ok);
        var before = _cluster.Revision;

        for (var second = 0; second < 60; second++)
        {
            one.Host = one.Host with { Level = second % 2 == 0 ? ConditionLevel.Down : ConditionLevel.Ok };
            await StepAsync();
        }

        Assert.InRange(_cluster.Revision - before, 1, 2);
    }

    [Fact]
    public async Task RunAsync_LeaseEnds_IsWrittenUnderTheNextOne()
    {
        var one = Start("e1");
        await StoredAsync(static _ => true);

        one.Store.Lease.Expire();
        Assert.Null(_cluster.Get(Key));
        one.Store.Lease.Grant();

        await StoredAsync(host => _cluster.Get(Key)?.Lease == one.Store.Lease.Current?.Id);
    }

    [Fact]
    public async Task RunAsync_AnotherProcessHasTheId_TheFirstKeepsItAndTheSecondSaysSo()
    {
        var one = Start("e1");
        await StoredAsync(static host => host.Epoch == "e1");
        var two = Start("e2");
        await StoredAsync(_ => two.Fleet.Rival is not null);

        Assert.Equal("e1", two.Fleet.Rival!.Epoch);
        Assert.Null(one.Fleet.Rival);
        Assert.Equal("e1", HostRecord.Read("A_1", _cluster.Get(Key)!.Value.Span).Epoch);

        one.Store.Lease.Expire();
        await StoredAsync(host => host.Epoch == "e2" && two.Fleet.Rival is null);
    }

    [Fact]
    public async Task RunAsync_KeyOfAProcessThatHasDied_IsNoRivalUntilItsLeaseShouldHaveEnded()
    {
        var dead = _cluster.Join();
        await dead.CommitAsync(
            new() { Operations = [new KeyOperation.Put(Key, HostRecord.Write(new("A_1", "e0")), dead.Lease.Current!.Id)] },
            _stop.Token
        );
        var two = Start("e1");
        await Eventually.TrueAsync(() =>
        {
            _time.Advance(TimeSpan.FromMilliseconds(100));
            return two.Store.Calls >= 4 && _time.GetUtcNow() > _start + TimeSpan.FromSeconds(5);
        });
        Assert.True(_time.GetUtcNow() < _start + _patience);
        Assert.Null(two.Fleet.Rival);
        dead.Lease.Expire();

        await StoredAsync(static host => host.Epoch == "e1");
        Assert.Null(two.Fleet.Rival);
    }

    [Fact]
    public async Task RunAsync_WriteWithoutAnAnswer_IsRecognizedAsItsOwn()
    {
        var one = Start("e1", start: false);
        one.Store.Fail(Key, happens: true);

        Run(one);
        await StoredAsync(static host => host.Epoch == "e1");
        one.Host = one.Host with { Revision = "abc" };
        await StoredAsync(static host => host.Revision == "abc");

        Assert.Null(one.Fleet.Rival);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("another")]
    public async Task RunAsync_KeyIsGoneOrAnother_IsWrittenAgain(string? version)
    {
        var one = Start("e1");
        _running.Add(one.Fleet.RunAsync(one.Store, NullLogger.Instance, _stop.Token));
        await StoredAsync(static host => host.Epoch == "e1");
        await Eventually.TrueAsync(() => one.Fleet.Own?.Key is not null);

        _cluster.Remove(Key);
        if (version is not null)
        {
            await PutAsync(new("A_1", "e1") { Version = version });
        }

        await StoredAsync(host => host is { Epoch: "e1", Version: null } && _cluster.Get(Key)?.Lease == one.Store.Lease.Current!.Id);
        Assert.Null(one.Fleet.Rival);
    }

    [Fact]
    public async Task RunAsync_ARivalWritesTheKey_StaysTheRivals()
    {
        var one = Start("e1");
        _running.Add(one.Fleet.RunAsync(one.Store, NullLogger.Instance, _stop.Token));
        await StoredAsync(static host => host.Epoch == "e1");
        await Eventually.TrueAsync(() => one.Fleet.Own?.Key is not null);

        _cluster.Remove(Key);
        await PutAsync(new("A_1", "e2"));

        await StoredAsync(_ => one.Fleet.Rival is not null);
        Assert.Equal("e2", HostRecord.Read("A_1", _cluster.Get(Key)!.Value.Span).Epoch);
    }

    // A write that the watch has not told yet is no reason for another one.
    [Fact]
    public async Task RunAsync_KeyIsSeenLate_IsNotWrittenAgain()
    {
        var one = Start("e1");
        one.Fleet.Apply(new KeyUpdate.Full(1, []));
        await StoredAsync(static host => host.Epoch == "e1");
        var before = _cluster.Revision;

        for (var second = 0; second < 5; second++)
        {
            await StepAsync();
        }

        Assert.Equal(before, _cluster.Revision);
    }

    [Fact]
    public async Task RemoveAsync_AfterTheEnd_RemovesItsOwnKeyOnly()
    {
        var one = Start("e1");
        await StoredAsync(static host => host.Epoch == "e1");
        await _stop.CancelAsync();
        await EndAsync();

        await one.Registration.RemoveAsync(CancellationToken.None);
        Assert.Null(_cluster.Get(Key));

        _cluster.Put(Key, "another");
        await one.Registration.RemoveAsync(CancellationToken.None);
        Assert.Equal("another", _cluster.Text(Key));
    }

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        await _stop.CancelAsync();
        await EndAsync();
        _stop.Dispose();
    }

    private readonly DateTimeOffset _start = new ManualTime().GetUtcNow();

    private Process Start(string epoch, bool start = true)
    {
        var process = new Process(_cluster.Join(), new FleetDirectory(_keys, "A_1", _time)) { Host = new("A_1", epoch) };
        process.Registration = new(
            process.Store,
            Key,
            () => process.Host,
            process.Fleet,
            _patience,
            _time,
            NullLogger<HostRegistration>.Instance
        );
        if (start)
        {
            Run(process);
        }

        return process;
    }

    private async Task EndAsync()
    {
        try
        {
            await Task.WhenAll(_running);
        }
        catch (OperationCanceledException)
        {
            // As it was to end.
        }
    }

    private Task<KeyResult> PutAsync(FleetHost host) =>
        _cluster.Join().CommitAsync(new() { Operations = [new KeyOperation.Put(Key, HostRecord.Write(host), 0)] }, _stop.Token);

    private void Run(Process process) => _running.Add(process.Registration.RunAsync(_stop.Token));

    // Lets time pass until a record is stored that is wanted.
    private Task StoredAsync(Func<FleetHost, bool> wanted) =>
        Eventually.TrueAsync(() =>
        {
            if (_cluster.Get(Key) is { } stored && wanted(HostRecord.Read("A_1", stored.Value.Span)))
            {
                return true;
            }

            _time.Advance(TimeSpan.FromMilliseconds(100));
            return false;
        });

    private async Task StepAsync()
    {
        _time.Advance(HostRegistration.Interval);
        await _time.WaitForTimerAsync(HostRegistration.Interval);
    }

    private sealed class Process(MemoryKeyStore store, FleetDirectory fleet)
    {
        private volatile FleetHost _host = null!;

        public MemoryKeyStore Store => store;

        public FleetDirectory Fleet => fleet;

        public HostRegistration Registration { get; set; } = null!;

        public FleetHost Host
        {
            get => _host;
            set => _host = value;
        }
    }
}
