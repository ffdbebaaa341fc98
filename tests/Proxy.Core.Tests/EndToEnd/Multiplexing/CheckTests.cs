using Proxy.Core.Tests.Multiplexing.Framing;
using Proxy.Multiplexing.Framing;

namespace Proxy.Core.Tests.EndToEnd.Multiplexing;

public sealed class CheckTests
{
    [Theory]
    [InlineData("31 32 33 34 35 36 37 38 39", 0x4B37)] // the catalogue's check value of CRC-16/MODBUS
    [InlineData("", 0xFFFF)]
    [InlineData("02 07", 0x1241)] // Modbus over Serial Line 1.02, appendix B
    [InlineData("11 03 00 6B 00 03", 0x8776)]
    public void Crc16_KnownVector_Matches(string bytes, int expected) => Assert.Equal(expected, Crc16.Compute(Bytes.Hex(bytes)));

    [Fact]
    public void Crc16_IsValid_LowByteFirst()
    {
        Assert.True(Crc16.IsValid(Bytes.Hex("11 03 00 6B 00 03 76 87")));
        Assert.False(Crc16.IsValid(Bytes.Hex("11 03 00 6B 00 03 87 76")));
        Assert.False(Crc16.IsValid([]));
        Assert.False(Crc16.IsValid(Bytes.Hex("FF FF")));
    }

    [Theory]
    [InlineData("31 32 33 34 35 36 37 38 39", 0x23)]
    [InlineData("11 03 00 6B 00 03", 0x7E)]
    [InlineData("", 0)]
    public void Lrc_KnownVector_Matches(string bytes, int expected) => Assert.Equal(expected, Lrc.Compute(Bytes.Hex(bytes)));

    [Fact]
    public void Lrc_IsValid_SumsToNothing()
    {
        Assert.True(Lrc.IsValid(Bytes.Hex("11 03 00 6B 00 03 7E")));
        Assert.False(Lrc.IsValid(Bytes.Hex("11 03 00 6B 00 03 7F")));
        Assert.False(Lrc.IsValid([0]));
    }
}
