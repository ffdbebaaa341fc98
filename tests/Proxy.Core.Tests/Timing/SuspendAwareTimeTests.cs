using Proxy.Timing;

namespace Proxy.Core.Tests.Timing;

public sealed class SuspendAwareTimeTests
{
    [Fact]
    public async Task GetTimestamp_RunsOnAndNeverBack()
    {
        var time = SuspendAwareTime.OfProcess;
        var before = time.GetTimestamp();

        await Eventually.TrueAsync(() => time.GetElapsedTime(before) > TimeSpan.FromMilliseconds(20));

        Assert.True(time.GetTimestamp() > before);
    }

    [Fact]
    public void GetTimestamp_OnLinux_IsThatOfTheMachineWithItsSuspensions()
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        var uptime = File.ReadAllText("/proc/uptime").Split(' ')[0]; // which counts suspensions
        var now = SuspendAwareTime.OfProcess.GetElapsedTime(0);

        Assert.Equal(double.Parse(uptime, System.Globalization.CultureInfo.InvariantCulture), now.TotalSeconds, tolerance: 60);
    }
}
