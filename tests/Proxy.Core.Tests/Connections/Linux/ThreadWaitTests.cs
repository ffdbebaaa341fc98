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

    // What the kernel writes: the time on a CPU, the time of waiting for one, and how often it had one.
    [Theory]
    [InlineData("5000000 7000000 3\n", "900000000 1234567890 40\n", 1227)]
    [InlineData("0 0 0\n", "18000000000000 7000000000000 4000000000\n", 7_000_000)]
    [InlineData("1 1 1\n", "2 999999 2\n", 0)]
    [InlineData("", "2 9000000 2\n", 9)]
    [InlineData("nothing", "of the kind", 0)]
    public void SinceNote_ContentHasChanged_CountsTheWait(string before, string after, long expected)
    {
        var file = Path.GetTempFileName();
        try
        {
            File.WriteAllText(file, before);
            using var waits = ThreadWait.Of(file);
            File.WriteAllText(file, after);

            Assert.Equal(expected, waits.SinceNote().ForCpu);
            waits.Note();
            Assert.Equal(0, waits.SinceNote().ForCpu);
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public void SinceNote_KernelWithoutTheFile_NoWait()
    {
        using var waits = ThreadWait.Of(Path.Combine(Path.GetTempPath(), Path.GetRandomFileName()));

        Assert.Equal(0, waits.SinceNote().ForCpu);
    }
}
