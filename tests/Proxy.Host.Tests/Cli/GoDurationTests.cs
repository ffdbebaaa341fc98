using System.Globalization;
using Proxy.Host.Cli;

namespace Proxy.Host.Tests.Cli;

public sealed class GoDurationTests
{
    [Theory]
    [InlineData("0", "00:00:00")]
    [InlineData("2s", "00:00:02")]
    [InlineData("500ms", "00:00:00.5")]
    [InlineData("1m30s", "00:01:30")]
    [InlineData("1.5h", "01:30:00")]
    [InlineData(".5s", "00:00:00.5")]
    [InlineData("250us", "00:00:00.00025")]
    [InlineData("250µs", "00:00:00.00025")]
    [InlineData("24h", "1.00:00:00")]
    public void TryParse_GoDuration_ReturnsIt(string text, string expected)
    {
        Assert.True(GoDuration.TryParse(text, out var duration));
        Assert.Equal(TimeSpan.Parse(expected, CultureInfo.InvariantCulture), duration);
    }

    [Theory]
    [InlineData("")]
    [InlineData("2")]
    [InlineData("s")]
    [InlineData("-1s")]
    [InlineData("2s ")]
    [InlineData("2 s")]
    [InlineData("1d")]
    [InlineData("00:00:02")]
    [InlineData("25h")]
    [InlineData("999999999h")]
    public void TryParse_AnythingElse_ReturnsFalse(string text) => Assert.False(GoDuration.TryParse(text, out _));
}
