using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Proxy.Engine;
using Proxy.Etcd.Client;
using Proxy.Etcd.Fleet;
using Proxy.Revisions;

namespace Proxy.Etcd.Tests.Fleet;

public sealed class FleetServiceTests : IDisposable
{
    private const string Key = "/proxy/g/host/A_1";
    private static readonly EngineKeys _keys = new("/proxy", "g");

    private readonly MemoryCluster _cluster = new();
    private readonly ManualTime _time = new();
    private readonly ProxyStatus _status = new();
    private readonly LogLines _log = new();
    private readonly MemoryKeyStore _store;
    private readonly FleetDirectory _directory;
    private readonly FleetDrains _drains;
    private readonly FleetService _service;
    private volatile IReadOnlyDictionary<DrainTarget, DrainOrder> _applied = new Dictionary<DrainTarget, DrainOrder>();
    private volatile FleetHost _host = new("A_1", "e1");
    private volatile bool _isUnreadable;

    public FleetServiceTests()
    {
        _store = _cluster.Join();
        _directory = new(_keys, "A_1", _time);
        _drains = new(_store, _keys, "A_1", drains => _applied = drains, _time, NullLogger<FleetDrains>.Instance);
        var registration = new HostRegistration(
            _store,
            Key,
            Read,
            _directory,
            TimeSpan.FromSeconds(15),
            _time,
            NullLogger<HostRegistration>.Instance
        );
        _service = new(_store, _directory, _drains, registration, _status, _time, _log.CreateLogger<FleetService>());
    }

    [Fact]
    public async Task StartingAsync_EngineAnswers_WhatIsDrainedIsKnown()
    {
        _cluster.Put("/proxy/g/drain/office/a", "");

        await _service.StartingAsync(CancellationToken.None);

        Assert.Equal([new DrainTarget("office", "a")], _applied.Keys);
        Assert.Null(_cluster.Get(Key));
        await StopAsync();
    }

    [Fact]
    public async Task StartingAsync_EngineIsAway_GoesOnAfterThreeSecondsAndSaysSo()
    {
        _store.Leave();

        var starting = _service.StartingAsync(CancellationToken.None);
        await _time.WaitForTimerAsync(TimeSpan.FromSeconds(3));
        Assert.False(starting.IsCompleted);
        _time.Advance(TimeSpan.FromSeconds(3));
        await starting;

        Assert.Contains(_log.Lines, static line => line.Contains("starts without what all hosts drain", StringComparison.Ordinal));
        await StopAsync();
    }

    [Fact]
    public async Task StartingAsync_StartIsGivenUp_Throws()
    {
        _store.Leave();
        using var given = new CancellationTokenSource();

        var starting = _service.StartingAsync(given.Token);
        await given.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => starting);
        await StopAsync();
    }

    [Fact]
    public async Task StartedAsync_RevisionChanges_RecordIsWrittenAgain()
    {
        await StartAsync();
        await StoredAsync(static host => host.Epoch == "e1");
        await Eventually.TrueAsync(() => _directory.Current.Hosts.Count == 1);

        _host = _host with { Revision = "abc" };
        _status.Announce();

        await StoredAsync(static host => host.Revision == "abc");
        await StopAsync();
    }

    // A fault of this program in one part stops neither that part for good nor the others.
    [Fact]
    public async Task StartedAsync_APartFails_BeginsAgainAndIsLogged()
    {
        _isUnreadable = true;
        await StartAsync();
        await Eventually.TrueAsync(() => _log.Lines.Any(static line => line.Contains("begins again", StringComparison.Ordinal)));
        Assert.Null(_cluster.Get(Key));
        _cluster.Put("/proxy/g/drain/office/a", "");
        await Eventually.TrueAsync(() => _applied.Count == 1);

        _isUnreadable = false;

        await StoredAsync(static host => host.Epoch == "e1");
        await StopAsync();
    }

    [Fact]
    public async Task StoppedAsync_Registered_RemovesTheRecord()
    {
        await StartAsync();
        await StoredAsync(static host => host.Epoch == "e1");

        await _service.StoppingAsync(CancellationToken.None);
        await _service.StopAsync(CancellationToken.None);
        Assert.NotNull(_cluster.Get(Key));
        await _service.StoppedAsync(CancellationToken.None);

        Assert.Null(_cluster.Get(Key));
    }

    [Fact]
    public async Task StoppedAsync_EngineDoesNotAnswer_EndsAfterThreeSeconds()
    {
        await StartAsync();
        await StoredAsync(static host => host.Epoch == "e1");
        _store.AnswersAfter = new TaskCompletionSource().Task;

        var stopped = _service.StoppedAsync(CancellationToken.None);
        await _time.WaitForTimerAsync(TimeSpan.FromSeconds(3));
        Assert.False(stopped.IsCompleted);
        _time.Advance(TimeSpan.FromSeconds(3));

        await stopped;
    }

    public void Dispose()
    {
        _service.Dispose();
        _log.Dispose();
    }

    private FleetHost Read() => _isUnreadable ? throw new InvalidOperationException("Unreadable.") : _host;

    private async Task StartAsync()
    {
        await _service.StartingAsync(CancellationToken.None);
        await _service.StartedAsync(CancellationToken.None);
    }

    private async Task StopAsync()
    {
        _store.Return();
        await _service.StoppedAsync(CancellationToken.None);
    }

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
}
