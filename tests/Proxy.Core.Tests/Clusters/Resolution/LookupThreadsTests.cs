using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Proxy.Clusters.Resolution;

namespace Proxy.Core.Tests.Clusters.Resolution;

public sealed class LookupThreadsTests
{
    private readonly ManualTime _time = new();

    [Fact]
    public async Task LookUp_ManyNamesHang_FewThreadsAndNoneOfThePool()
    {
        var answer = new TaskCompletionSource<IPAddress[]>();
        var started = new ConcurrentQueue<(string Host, bool OfPool)>();
        var threads = new LookupThreads(
            host =>
            {
                started.Enqueue((host, Thread.CurrentThread.IsThreadPoolThread));
                return answer.Task.GetAwaiter().GetResult();
            },
            _time
        );

        var lookups = Enumerable.Range(0, 50).Select(i => threads.LookUpAsync($"{i}.test")).ToList();
        await Eventually.TrueAsync(() => started.Count >= LookupThreads.Limit);
        Assert.Equal(LookupThreads.Limit, started.Count);
        Assert.DoesNotContain(lookups, static lookup => lookup.IsCompleted);

        answer.SetResult([IPAddress.Loopback]);
        await Task.WhenAll(lookups).WaitAsync(Eventually.Limit);
        Assert.Equal(50, started.DistinctBy(static lookup => lookup.Host).Count());
        Assert.DoesNotContain(started, static lookup => lookup.OfPool);
    }

    [Fact]
    public async Task LookUp_NameFails_TheNextOneIsAnswered()
    {
        var threads = new LookupThreads(
            static host => host == "none.test" ? throw new SocketException((int)SocketError.HostNotFound) : [IPAddress.Loopback],
            _time
        );

        for (var i = 0; i < 2 * LookupThreads.Limit; i++)
        {
            await Assert.ThrowsAsync<SocketException>(() => threads.LookUpAsync("none.test").WaitAsync(Eventually.Limit));
            Assert.Single(await threads.LookUpAsync("some.test").WaitAsync(Eventually.Limit));
        }
    }

    [Fact]
    public async Task LookUp_AsManySlowNamesAsThereAreThreads_AnotherIsAnsweredBesideThem()
    {
        using var slow = new ManualResetEventSlim();
        var waits = false;
        var started = 0;
        var threads = new LookupThreads(
            host =>
            {
                if (host == "quick.test")
                {
                    return [IPAddress.Loopback];
                }

                _time.Advance(TimeSpan.FromSeconds(2));
                Interlocked.Increment(ref started);
                if (Volatile.Read(ref waits))
                {
                    Assert.True(slow.Wait(Eventually.Limit));
                }

                throw new SocketException((int)SocketError.TryAgain);
            },
            _time
        );
        var names = Enumerable.Range(0, 2 * LookupThreads.Limit).Select(static i => $"{i}.test").ToList();
        await FailAllAsync(names.Select(threads.LookUpAsync)); // from now on they are known to be slow
        Volatile.Write(ref waits, true);
        started = 0;

        var hanging = names.Select(threads.LookUpAsync).ToList();
        await Eventually.TrueAsync(() => Volatile.Read(ref started) == LookupThreads.SlowLimit);

        Assert.Single(await threads.LookUpAsync("quick.test").WaitAsync(Eventually.Limit));
        Assert.Equal(LookupThreads.SlowLimit, Volatile.Read(ref started));
        slow.Set();
        await FailAllAsync(hanging);
        Assert.Equal(names.Count, started);
    }

    private static Task FailAllAsync(IEnumerable<Task<IPAddress[]>> lookups) =>
        Task.WhenAll(
            lookups.Select(static async lookup => await Assert.ThrowsAsync<SocketException>(() => lookup.WaitAsync(Eventually.Limit)))
        );
}
