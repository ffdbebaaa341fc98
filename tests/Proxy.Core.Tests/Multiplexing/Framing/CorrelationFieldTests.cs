using Proxy.Multiplexing.Framing;

namespace Proxy.Core.Tests.Multiplexing.Framing;

public sealed class CorrelationFieldTests
{
    [Theory]
    [InlineData(0, 1, "A1", 0xA1UL)]
    [InlineData(1, 2, "00 12 34 00", 0x1234UL)]
    [InlineData(2, 3, "00 00 12 34 56", 0x123456UL)]
    [InlineData(0, 8, "FF FF FF FF FF FF FF FF", ulong.MaxValue)]
    public void TryRead_LongEnough_Reads(int offset, int size, string message, ulong expected)
    {
        Assert.True(new CorrelationField(offset, size).TryRead(Bytes.Hex(message), out var id));
        Assert.Equal(expected, id);
    }

    [Fact]
    public void TryWrite_LongEnough_ChangesOnlyTheId()
    {
        var message = Bytes.Hex("01 02 03 04 05");

        Assert.True(new CorrelationField(1, 2).TryWrite(message, 0xABCD));

        Assert.Equal(Bytes.Hex("01 AB CD 04 05"), message);
    }

    [Fact]
    public void TryReadAndWrite_TooShort_RefusedAndUntouched()
    {
        var field = new CorrelationField(2, 4);
        var message = new byte[5];

        Assert.False(field.TryRead(message, out _));
        Assert.False(field.TryWrite(message, ulong.MaxValue));
        Assert.Equal(new byte[5], message);
    }

    [Theory]
    [InlineData(1, 0xFFUL)]
    [InlineData(2, 0xFFFFUL)]
    [InlineData(8, ulong.MaxValue)]
    public void MaxId_OfSize_FillsIt(int size, ulong expected) => Assert.Equal(expected, new CorrelationField(0, size).MaxId);
}
