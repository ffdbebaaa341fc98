using Microsoft.Extensions.Logging.Abstractions;
using Proxy.Engine;
using Proxy.Etcd.Client;
using Proxy.Etcd.Fleet;

namespace Proxy.Etcd.Tests.Fleet;

public sealed class FleetDrainsTests : IAsyncLifetime
{
    private static readonly EngineKeys _keys = new("/proxy", "g");
    private static readonly DrainTarget _office = new("office", "a");

    private readonly CancellationTokenSource _stop = new();
    private readonly List<Task> _running = [];
    private readonly MemoryCluster _cluster = new();
    private readonly ManualTime _time = new();

    [Fact]
    public async Task DrainAsync_Destination_AllHostsDrainItUntilUndrain()
    {
        var (one, two) = (Join("A_1"), Join("A_2"));

        Assert.Null(await one.Drains.DrainAsync(_office, "10.0.0.7", _stop.Token));

        Assert.Equal([_office], one.Applied.Keys);
        await Eventually.TrueAsync(() => two.Applied.ContainsKey(_office));
        Assert.Equal(new("A_1", "10.0.0.7", _time.GetUtcNow()), two.Drains.Current[_office]);
        Assert.Equal(0, Assert.Single(_cluster.Keys).Lease);

        Assert.Null(await two.Drains.UndrainAsync(new("OFFICE", "A"), _stop.Token));
        Assert.Empty(two.Applied);
        await Eventually.TrueAsync(() => one.Applied.Count == 0);
        Assert.Empty(_cluster.Keys);
    }

    [Fact]
    public async Task DrainAsync_DrainedAlready_TheFirstOrderStays()
    {
        var (one, two) = (Join("A_1"), Join("A_2"));
        await one.Drains.DrainAsync(_office, "first", _stop.Token);

        Assert.Null(await two.Drains.DrainAsync(new("Office", "a"), "second", _stop.Token));

        Assert.Equal("first", two.Drains.Current[_office].Client);
        Assert.Single(_cluster.Keys);
    }

    [Theory]
    [InlineData("a/b", "c d", "/proxy/g/drain/a%2Fb/c%20d")]
    [InlineData(null, "A_1", "/proxy/g/drain/A_1")]
    [InlineData("ü", "%", "/proxy/g/drain/%C3%BC/%25")]
    public async Task DrainAsync_AnyId_IsEscapedInTheKeyAndFoundAgain(string? cluster, string id, string key)
    {
        var (one, two) = (Join("A_1"), Join("A_2"));

        Assert.Null(await one.Drains.DrainAsync(new(cluster, id), null, _stop.Token));

        Assert.Equal(key, Assert.Single(_cluster.Keys).Key);
        await Eventually.TrueAsync(() => two.Applied.ContainsKey(new(cluster, id)));
    }

    [Fact]
    public async Task RunAsync_KeyOfAnOperatorByHand_IsAppliedAndCanBeUndrained()
    {
        _cluster.Put("/proxy/g/drain/office/a", "");
        _cluster.Put("/proxy/g/drain/x/y/z", "no key of a drain");
        var one = Join("A_1");

        await one.Drains.Known;
        Assert.Equal(new(null, null, null), one.Applied[_office]);
        Assert.Single(one.Applied);

        Assert.Null(await one.Drains.UndrainAsync(_office, _stop.Token));
        Assert.Empty(one.Applied);
    }

    [Fact]
    public async Task RunAsync_EngineAway_KeepsWhatWasDrainedAndSaysWhyNothingChanges()
    {
        var (one, two) = (Join("A_1"), Join("A_2"));
        await one.Drains.DrainAsync(_office, null, _stop.Token);
        await Eventually.TrueAsync(() => two.Applied.Count == 1);

        two.Store.Leave();
        var failure = await two.Drains.UndrainAsync(_office, _stop.Token);
        await one.Drains.UndrainAsync(_office, _stop.Token);
        await one.Drains.DrainAsync(new("office", "b"), null, _stop.Token);

        Assert.Equal("The engine does not answer.", failure);
        Assert.Equal([_office], two.Applied.Keys);
        two.Store.Return();
        await Eventually.TrueAsync(() => two.Applied.ContainsKey(new("office", "b")) && two.Applied.Count == 1);
    }

    [Fact]
    public async Task DrainAsync_CallWithoutAnAnswer_SaysThatItMayBeDrained()
    {
        var one = Join("A_1");
        await one.Drains.Known;
        one.Store.Fail("office/a", happens: true);

        Assert.Contains("may be drained", await one.Drains.DrainAsync(_office, null, _stop.Token), StringComparison.Ordinal);
        await Eventually.TrueAsync(() => one.Applied.ContainsKey(_office));
    }

    [Fact]
    public async Task UndrainAsync_DrainedAnewMeanwhile_EndsThatToo()
    {
        var (one, two) = (Join("A_1"), Join("A_2"));
        await one.Drains.DrainAsync(_office, "first", _stop.Token);
        two.Store.BeforeCommit = () => _cluster.Put("/proxy/g/drain/office/a", "");

        Assert.Null(await two.Drains.UndrainAsync(_office, _stop.Token));

        Assert.Empty(_cluster.Keys);
    }

    [Fact]
    public async Task DrainAsync_UndrainedMeanwhile_IsDrained()
    {
        var (one, two) = (Join("A_1"), Join("A_2"));
        await one.Drains.DrainAsync(_office, "first", _stop.Token);
        two.Store.BeforeCommit = () => _cluster.Remove("/proxy/g/drain/office/a");

        Assert.Null(await two.Drains.DrainAsync(_office, "second", _stop.Token));

        Assert.Single(_cluster.Keys);
        await Eventually.TrueAsync(() => two.Drains.Current.GetValueOrDefault(_office)?.Client == "second");
    }

    [Fact]
    public async Task UndrainAsync_DrainedAnewEachTime_SaysSo()
    {
        var one = Join("A_1");
        await one.Drains.DrainAsync(_office, "first", _stop.Token);
        one.Store.BeforeCommit = () =>
        {
            Drain();
            one.Store.BeforeCommit = Drain;
        };

        var failure = await one.Drains.UndrainAsync(_office, _stop.Token);

        Assert.Contains("at the same time", failure, StringComparison.Ordinal);
        Assert.Single(_cluster.Keys);
        void Drain() => _cluster.Put("/proxy/g/drain/office/a", "");
    }

    [Fact]
    public async Task IsDrainedAsync_WatchHasNotAnswered_AsksTheEngine()
    {
        var store = _cluster.Join();
        var drains = new FleetDrains(store, _keys, "A_1", static _ => { }, _time, NullLogger<FleetDrains>.Instance);
        _cluster.Put("/proxy/g/drain/office/a", "");

        Assert.True(await drains.IsDrainedAsync(new("OFFICE", "a"), _stop.Token));
        Assert.False(await drains.IsDrainedAsync(new("office", "b"), _stop.Token));
        store.Leave();
        Assert.Null(await drains.IsDrainedAsync(_office, _stop.Token));
    }

    [Fact]
    public async Task Apply_KeysWereListedBeforeAWriteOfThisHost_TheWriteCounts()
    {
        var drains = new FleetDrains(_cluster.Join(), _keys, "A_1", static _ => { }, _time, NullLogger<FleetDrains>.Instance);
        var before = _cluster.List(_keys.Drains);
        await drains.DrainAsync(_office, null, _stop.Token);

        drains.Apply(before);
        Assert.Equal([_office], drains.Current.Keys);

        var drained = _cluster.List(_keys.Drains);
        await drains.UndrainAsync(_office, _stop.Token);
        drains.Apply(drained);
        Assert.Empty(drains.Current);

        drains.Apply(_cluster.List(_keys.Drains));
        Assert.Empty(drains.Current);
    }

    [Fact]
    public async Task Apply_DataWereLost_WhatThisHostHasWrittenIsForgotten()
    {
        var drains = new FleetDrains(_cluster.Join(), _keys, "A_1", static _ => { }, _time, NullLogger<FleetDrains>.Instance);
        _cluster.Put("/proxy/g/drain/x", "");
        drains.Apply(_cluster.List(_keys.Drains));
        await drains.DrainAsync(_office, null, _stop.Token);

        _cluster.LoseData();
        drains.Apply(_cluster.List(_keys.Drains));

        Assert.Empty(drains.Current);
    }

    [Fact]
    public async Task RunAsync_ChangesWereCompacted_FollowsTheWholeStateAgain()
    {
        var (one, two) = (Join("A_1"), Join("A_2"));
        await one.Drains.DrainAsync(_office, null, _stop.Token);
        await Eventually.TrueAsync(() => two.Applied.Count == 1);
        two.Store.Leave();
        await one.Drains.UndrainAsync(_office, _stop.Token);
        _cluster.Compact();

        two.Store.Return();

        await Eventually.TrueAsync(() => two.Applied.Count == 0);
    }

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_running).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
    }

    private Host Join(string instance)
    {
        var host = new Host(_cluster.Join());
        host.Drains = new(host.Store, _keys, instance, drains => host.Applied = drains, _time, NullLogger<FleetDrains>.Instance);
        _running.Add(host.Drains.RunAsync(_stop.Token));
        return host;
    }

    private sealed class Host(MemoryKeyStore store)
    {
        private volatile IReadOnlyDictionary<DrainTarget, DrainOrder> _applied = new Dictionary<DrainTarget, DrainOrder>();

        public MemoryKeyStore Store => store;

        public FleetDrains Drains { get; set; } = null!;

        public IReadOnlyDictionary<DrainTarget, DrainOrder> Applied
        {
            get => _applied;
            set => _applied = value;
        }
    }
}
