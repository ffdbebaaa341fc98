using Proxy.Connections.Linux;

namespace Proxy.Core.Tests.Connections.Linux;

public sealed class ThreadWaitTests
{
    [Fact]
    public void SinceNote_CollectionsWerePaused_CountsThem()
    {
        using var waits = ThreadWait.OfThisThread();
        var before = (long)GC.GetTotalPauseDuration().TotalMilliseconds;
        while ((long)GC.GetTotalPauseDuration().TotalMilliseconds < before + 2)
        {
            GC.Collect();
        }

        Assert.True(waits.SinceNote().ForCollection >= 2);
    }

    // More busy threads than cores: this thread has to wait for a CPU sooner or later.
    [Fact]
    public void SinceNote_MoreThreadsThanCores_CountsTheWait()
    {
        if (!File.Exists("/proc/thread-self/schedstat"))
        {
            return;
        }

        var stop = false;
        var others = Enumerable
            .Range(0, Environment.ProcessorCount * 2)
            .Select(_ => new Thread(() => SpinWait.SpinUntil(() => Volatile.Read(ref stop))))
            .ToList();
        others.ForEach(static thread => thread.Start());
        try
        {
            using var waits = ThreadWait.OfThisThread();
            var spinning = new SpinWait();
            Assert.True(
                SpinWait.SpinUntil(
                    () =>
                    {
                        spinning.SpinOnce(sleep1Threshold: -1);
                        return waits.SinceNote().ForCpu > 0;
                    },
                    Eventually.Limit
                )
            );
        }
        finally
        {
            Volatile.Write(ref stop, true);
            others.ForEach(static thread => thread.Join());
        }
    }
}
