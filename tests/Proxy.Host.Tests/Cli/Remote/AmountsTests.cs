using Proxy.Host.Cli.Remote;

namespace Proxy.Host.Tests.Cli.Remote;

public sealed class AmountsTests
{
    [Theory]
    [InlineData(0, "0 B")]
    [InlineData(999, "999 B")]
    [InlineData(1000, "1.0 kB")]
    [InlineData(999_949, "999.9 kB")]
    [InlineData(999_960, "1.0 MB")]
    [InlineData(1_234_567_890, "1.2 GB")]
    [InlineData(long.MaxValue, "9223.4 PB")]
    public void Bytes_AnyCount_UsesTheFittingUnit(long count, string expected) => Assert.Equal(expected, Amounts.Bytes(count));

    [Theory]
    [InlineData(0.04, "0.0s")]
    [InlineData(59.9, "59.9s")]
    [InlineData(61, "1m 1s")]
    [InlineData(3_660, "1h 1m")]
    [InlineData(100_000, "1d 3h")]
    public void Time_AnyDuration_UsesAtMostTwoUnits(double seconds, string expected) =>
        Assert.Equal(expected, Amounts.Time(TimeSpan.FromSeconds(seconds)));
}
