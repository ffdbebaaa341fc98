using Proxy.Configuration.Multiplexing;
using Proxy.Multiplexing.Framing;

namespace Proxy.Core.Tests.Multiplexing.Framing;

public sealed class LengthFieldFramerTests
{
    [Theory]
    [InlineData("0000")]
    [InlineData("0001 FF")]
    [InlineData("0014 3038 3030 2020 0000 0080 0000 0000 3132 3334 3536")]
    public void Measure_Iso8583_CountsWhatFollows(string message) => BuiltIn("iso8583").IsRequest(Bytes.Hex(message));

    [Fact]
    public void Measure_Iso8583Longest_Passes()
    {
        byte[] longest = [0xFF, 0xFF, .. new byte[65_535]];

        Assert.Equal(FrameMeasure.Complete(65_537), BuiltIn("iso8583").Request(longest));
        Assert.Equal(FrameMeasure.NeedMore(65_537, 65_537), BuiltIn("iso8583").Request(longest[..^1]));
    }

    [Theory]
    [InlineData("0000")]
    [InlineData("0005hello")]
    public void Measure_Mpu_CountsWhatFollows(string message) => BuiltIn("mpu").IsRequest(Bytes.Text(message));

    [Fact]
    public void Measure_MpuLongest_Passes() =>
        Assert.Equal(FrameMeasure.Complete(10_003), BuiltIn("mpu").Reply([.. "9999"u8, .. new byte[9_999]], []));

    [Theory]
    [InlineData("-001")] // ended the seed's process
    [InlineData("+001x")]
    [InlineData(" 001x")]
    [InlineData("1e01xxxxxxxxxx")]
    [InlineData("00a1x")]
    [InlineData("\0\0\0\0")]
    public void Measure_MpuWithOtherThanDigits_IsMalformed(string message) => BuiltIn("mpu").IsMalformed(Bytes.Text(message));

    [Theory]
    [InlineData(LengthEncoding.Binary, Endian.Big, 1, "03 AAAAAA")]
    [InlineData(LengthEncoding.Binary, Endian.Little, 2, "0300 AAAAAA")]
    [InlineData(LengthEncoding.Binary, Endian.Big, 3, "000003 AAAAAA")]
    [InlineData(LengthEncoding.Binary, Endian.Little, 4, "03000000 AAAAAA")]
    [InlineData(LengthEncoding.Binary, Endian.Big, 8, "0000000000000003 AAAAAA")]
    [InlineData(LengthEncoding.Ascii, Endian.Big, 1, "33 AAAAAA")]
    [InlineData(LengthEncoding.Ascii, Endian.Big, 18, "303030303030303030303030303030303033 AAAAAA")]
    [InlineData(LengthEncoding.Hex, Endian.Big, 2, "3061 AAAAAAAAAAAAAAAAAAAA")]
    [InlineData(LengthEncoding.Hex, Endian.Big, 2, "3041 AAAAAAAAAAAAAAAAAAAA")]
    [InlineData(LengthEncoding.Hex, Endian.Big, 16, "30303030303030303030303030303033 AAAAAA")]
    [InlineData(LengthEncoding.Bcd, Endian.Big, 2, "0012 AAAAAAAAAAAAAAAAAAAAAAAA")]
    [InlineData(LengthEncoding.Bcd, Endian.Little, 2, "1200 AAAAAAAAAAAAAAAAAAAAAAAA")]
    [InlineData(LengthEncoding.Bcd, Endian.Big, 8, "0000000000000003 AAAAAA")]
    public void Measure_EveryEncoding_Read(LengthEncoding encoding, Endian endian, int size, string message) =>
        Framer(new LengthField(0, size, encoding, endian)).IsRequest(Bytes.Hex(message));

    [Theory]
    [InlineData(2, 2, -4, "0300 0007 02F080")] // TPKT counts its header
    [InlineData(1, 4, -4, "51 00000005 00")] // PostgreSQL counts the field
    [InlineData(2, 2, 20, "6500 0000 0000000000000000000000000000000000000000", Endian.Little)] // EtherNet/IP does not count the header's rest
    [InlineData(7, 2, 0, "500000FFFF0300 0200 0000", Endian.Little)] // MELSEC 3E
    [InlineData(1, 3, -4, "01 000014 00000000 00000000 00000000 00000000")] // Diameter
    public void Measure_KnownProtocols_Declared(int offset, int size, int adjust, string message, Endian endian = Endian.Big) =>
        Framer(new LengthField(offset, size, Endian: endian, Adjust: adjust)).IsRequest(Bytes.Hex(message));

    [Theory]
    [InlineData(LengthEncoding.Binary, 8, 0, "FFFFFFFFFFFFFFFF")]
    [InlineData(LengthEncoding.Binary, 8, -65536, "8000000000000000")]
    [InlineData(LengthEncoding.Binary, 4, 65536, "FFFFFFFF")]
    [InlineData(LengthEncoding.Binary, 4, -4, "00000003")] // less than the header
    [InlineData(LengthEncoding.Binary, 4, -65536, "00000000")]
    [InlineData(LengthEncoding.Binary, 2, 0, "0063")] // one more than allowed
    [InlineData(LengthEncoding.Ascii, 18, 0, "393939393939393939393939393939393939")]
    [InlineData(LengthEncoding.Ascii, 2, 0, "2D31")]
    [InlineData(LengthEncoding.Hex, 16, 0, "66666666666666666666666666666666")]
    [InlineData(LengthEncoding.Hex, 2, 0, "3047")]
    [InlineData(LengthEncoding.Bcd, 8, 65536, "9999999999999999")]
    [InlineData(LengthEncoding.Bcd, 1, 0, "0A")]
    [InlineData(LengthEncoding.Bcd, 1, 0, "A0")]
    public void Measure_ImpossibleLength_IsMalformed(LengthEncoding encoding, int size, int adjust, string header) =>
        Framer(new LengthField(0, size, encoding, Adjust: adjust)).IsMalformed([.. Bytes.Hex(header), 1, 2, 3]);

    [Fact]
    public void Measure_LongestAllowed_Passes() => Framer(new LengthField(0, 2)).IsRequest([0, 98, .. new byte[98]]);

    private static IMessageFramer BuiltIn(string name) => KnownProtocols.BuiltIn.Framers.Single(framer => framer.Name == name);

    private static LengthFieldFramer Framer(LengthField field) => new("test", "Test.", field, 100);
}
