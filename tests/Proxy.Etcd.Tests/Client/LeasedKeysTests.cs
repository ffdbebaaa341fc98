using Proxy.Etcd.Client;

namespace Proxy.Etcd.Tests.Client;

public sealed class LeasedKeysTests : IAsyncLifetime
{
    private readonly MemoryKeyStore _store = new();
    private readonly LogLines _log = new();
    private readonly LeasedKeys _keys;

    public LeasedKeysTests() =>
        _keys = new(_store, TimeProvider.System, Random.Shared, new Microsoft.Extensions.Logging.Logger<LeasedKeys>(_log));

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        await _keys.DisposeAsync();
        _log.Dispose();
    }

    [Fact]
    public async Task Set_NewestValueStandsUnderTheLease()
    {
        _keys.Set("/a", "1"u8.ToArray());
        _keys.Set("/a", "2"u8.ToArray());
        await FlushAsync();

        Assert.Equal("2", _store.Cluster.Text("/a"));
        Assert.Equal(_store.Lease.Current?.Id, _store.Cluster.Get("/a")?.Lease);
    }

    [Fact]
    public async Task LeaseEnds_KeysAreWrittenUnderTheNextOne()
    {
        _keys.Set("/a", "1"u8.ToArray());
        _keys.Set("/b", "2"u8.ToArray());
        await FlushAsync();

        _store.Lease.Expire();
        Assert.Empty(_store.Cluster.Keys);
        _store.Lease.Grant();

        await Eventually.TrueAsync(() => _store.Cluster.Keys.Count == 2);
        Assert.All(_store.Cluster.Keys, key => Assert.Equal(_store.Lease.Current?.Id, key.Lease));
    }

    [Fact]
    public async Task Removed_BySomethingElse_IsWrittenAgainAndTold()
    {
        _keys.Set("/a", "1"u8.ToArray());
        await FlushAsync();

        _store.Cluster.Remove("/a");

        await Eventually.TrueAsync(() => _store.Cluster.Text("/a") == "1");
        await Eventually.TrueAsync(() =>
            _log.Lines.Any(static line => line.Contains("was removed from the engine", StringComparison.Ordinal))
        );
    }

    [Fact]
    public async Task Overwritten_ByAnotherProcess_IsLeftToItUntilItIsSetAgain()
    {
        _keys.Set("/a", "1"u8.ToArray());
        await FlushAsync();

        _store.Cluster.Put("/a", "other");
        await Eventually.TrueAsync(() =>
            _log.Lines.Any(static line => line.Contains("was overwritten by another process", StringComparison.Ordinal))
        );
        Assert.Equal("other", _store.Cluster.Text("/a"));
        _keys.Set("/a", "2"u8.ToArray());
        await FlushAsync();

        Assert.Equal("2", _store.Cluster.Text("/a"));
    }

    [Fact]
    public async Task Remove_OwnKeyGoes_AndThatOfAnotherProcessStays()
    {
        _keys.Set("/a", "1"u8.ToArray());
        _keys.Set("/b", "1"u8.ToArray());
        await FlushAsync();
        _store.Cluster.Put("/b", "other");

        _keys.Remove("/a");
        _keys.Remove("/b");
        _keys.Remove("/c");
        await FlushAsync();

        Assert.Equal("other", _store.Cluster.Text(Assert.Single(_store.Cluster.Keys).Key));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Remove_AfterAnAttemptThatMayHaveHappened_NothingIsLeft(bool happens)
    {
        _store.Fail("/a", happens);
        _keys.Set("/a", "1"u8.ToArray());
        await Eventually.TrueAsync(() => _log.Lines.Count > 0);

        _keys.Remove("/a");
        await FlushAsync();

        Assert.Null(_store.Cluster.Get("/a"));
    }

    [Fact]
    public async Task Set_WhileTheEngineIsAway_IsWrittenWhenItIsBack()
    {
        _store.Leave();
        _keys.Set("/a", "1"u8.ToArray());
        await Eventually.TrueAsync(() => _log.Lines.Count > 0);
        Assert.Contains("cannot be written", Assert.Single(_log.Lines), StringComparison.Ordinal);

        _store.Return();
        await FlushAsync();

        Assert.Equal("1", _store.Cluster.Text("/a"));
    }

    [Fact]
    public async Task DisposeAsync_KeysStayUntilTheLeaseEnds()
    {
        _keys.Set("/a", "1"u8.ToArray());
        await FlushAsync();

        await _keys.DisposeAsync();

        Assert.NotNull(_store.Cluster.Get("/a"));
        Assert.Throws<ObjectDisposedException>(() => _keys.Set("/b", default));
    }

    private Task FlushAsync() => _keys.FlushAsync(CancellationToken.None).WaitAsync(Eventually.Limit);
}
