using Proxy.Etcd.Client;
using Proxy.Etcd.Fleet;

namespace Proxy.Etcd.Tests.Fleet;

public sealed class KeyWatchTests
{
    [Fact]
    public async Task FollowAsync_UpdateCannotBeApplied_IsLoggedAndAllKeysAreAppliedAgain()
    {
        var store = new MemoryKeyStore();
        store.Cluster.Put("/proxy/g/host/A_1", "1");
        using var stop = new CancellationTokenSource();
        using var log = new LogLines();
        var time = new ManualTime();
        var (updates, faults) = (0, 2);
        var following = KeyWatch.FollowAsync(store, "/proxy/g/host/", Apply, time, log, stop.Token);

        for (var second = 1; second <= 2; second++)
        {
            await time.WaitForTimerAsync(TimeSpan.FromSeconds(second));
            time.Advance(TimeSpan.FromSeconds(second));
        }

        await Eventually.TrueAsync(() => Volatile.Read(ref updates) == 1);
        store.Cluster.Put("/proxy/g/host/A_1", "2");
        await Eventually.TrueAsync(() => Volatile.Read(ref updates) == 2);
        Assert.Equal(2, log.All.Count(static line => line.Contains("following /proxy/g/host/ has failed", StringComparison.Ordinal)));
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => following);

        void Apply(KeyUpdate update)
        {
            if (update is KeyUpdate.Stale)
            {
                return;
            }

            if (faults-- > 0)
            {
                throw new InvalidOperationException("A fault.");
            }

            Interlocked.Increment(ref updates);
        }
    }
}
