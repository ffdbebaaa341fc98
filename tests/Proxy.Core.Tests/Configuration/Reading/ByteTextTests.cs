using Proxy.Configuration.Reading;

namespace Proxy.Core.Tests.Configuration.Reading;

public sealed class ByteTextTests
{
    [Theory]
    [InlineData("\r\n", new byte[] { 13, 10 })]
    [InlineData("00", new byte[] { 0x30, 0x30 })]
    [InlineData("é", new byte[] { 0xC3, 0xA9 })]
    [InlineData("hex:00", new byte[] { 0 })]
    [InlineData("HEX:fF0a", new byte[] { 0xFF, 0x0A })]
    public void TryParse_Bytes_Read(string text, byte[] expected)
    {
        Assert.True(ByteText.TryParse(text, out var bytes, out var error));
        Assert.Null(error);
        Assert.Equal(expected, bytes);
        Assert.Equal(expected, ByteText.Parse(text));
    }

    [Theory]
    [InlineData("")]
    [InlineData("hex:")]
    [InlineData("hex:0")]
    [InlineData("hex:0D 0A")]
    [InlineData("hex:0x0D")]
    [InlineData("hex:GG")]
    public void TryParse_NoBytes_SaysWhatWouldBeRight(string text)
    {
        Assert.False(ByteText.TryParse(text, out _, out var error));
        Assert.Contains("'hex:0D0A'", error, StringComparison.Ordinal);
        Assert.Throws<FormatException>(() => ByteText.Parse(text));
    }
}
