using Proxy.Locking;

namespace Proxy.Core.Tests.Locking;

public sealed class HostPermitStoreTests
{
    private readonly IPermits _permits = new HostPermitStore().Open(TestLock.Route, static () => { });

    [Fact]
    public void TryTake_MaximumIsTaken_RefusedUntilOneIsBack()
    {
        Assert.True(_permits.TryTake(null, 2));
        Assert.True(_permits.TryTake(null, 2));
        Assert.False(_permits.TryTake(null, 2));
        Assert.True(_permits.TryTake(null, 3));

        _permits.Return(null);
        Assert.False(_permits.TryTake(null, 2));
        _permits.Return(null);

        Assert.True(_permits.TryTake(null, 2));
        Assert.False(_permits.TryTake(null, 2));
    }

    [Fact]
    public async Task TryTake_FromManyThreads_ExactlyTheMaximum()
    {
        var taken = await Task.WhenAll(
            Enumerable.Range(0, 4).Select(_ => Task.Run(() => Enumerable.Range(0, 1000).Count(_ => _permits.TryTake(null, 1500))))
        );

        Assert.Equal(1500, taken.Sum());
    }
}
