using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Proxy.Clusters.Resolution;

namespace Proxy.Core.Tests.Clusters.Resolution;

public sealed class LookupThreadsTests
{
    [Fact]
    public async Task LookUp_ManyNamesHang_FewThreadsAndNoneOfThePool()
    {
        var answer = new TaskCompletionSource<IPAddress[]>();
        var started = new ConcurrentQueue<(string Host, bool OfPool)>();
        var threads = new LookupThreads(host =>
        {
            started.Enqueue((host, Thread.CurrentThread.IsThreadPoolThread));
            return answer.Task.GetAwaiter().GetResult();
        });

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
        var threads = new LookupThreads(static host =>
            host == "none.test" ? throw new SocketException((int)SocketError.HostNotFound) : [IPAddress.Loopback]
        );

        for (var i = 0; i < 2 * LookupThreads.Limit; i++)
        {
            await Assert.ThrowsAsync<SocketException>(() => threads.LookUpAsync("none.test").WaitAsync(Eventually.Limit));
            Assert.Single(await threads.LookUpAsync("some.test").WaitAsync(Eventually.Limit));
        }
    }
}
