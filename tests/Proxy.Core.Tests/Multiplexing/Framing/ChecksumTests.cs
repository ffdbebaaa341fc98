using Proxy.Configuration.Multiplexing;
using Proxy.Multiplexing.Framing;

namespace Proxy.Core.Tests.Multiplexing.Framing;

public sealed class ChecksumTests
{
    // The check values of the catalogues.
    [Theory]
    [InlineData(ChecksumAlgorithm.Crc16Modbus, "374B")]
    [InlineData(ChecksumAlgorithm.Crc16Ccitt, "29B1")]
    [InlineData(ChecksumAlgorithm.Crc16Xmodem, "31C3")]
    [InlineData(ChecksumAlgorithm.Crc32, "CBF43926")]
    [InlineData(ChecksumAlgorithm.Lrc, "23")]
    [InlineData(ChecksumAlgorithm.Sum8, "DD")]
    [InlineData(ChecksumAlgorithm.Xor8, "31")]
    public void Fits_DigitsOneToNine_AsPublished(ChecksumAlgorithm algorithm, string value)
    {
        byte[] message = [.. "123456789"u8, .. Bytes.Hex(value)];
        var checksum = new Checksum(new() { Algorithm = algorithm }, trailer: 0);

        Assert.True(checksum.Fits(message));
        Assert.Equal(value.Length > 2, checksum.IsStrong);
        Assert.All(
            Enumerable.Range(0, 8 * message.Length),
            bit =>
            {
                var spoilt = message.ToArray();
                spoilt[bit / 8] ^= (byte)(1 << (bit % 8));
                Assert.False(checksum.Fits(spoilt));
            }
        );
    }

    [Theory]
    [InlineData(ChecksumAlgorithm.Crc16Modbus, Endian.Big, "4B37")]
    [InlineData(ChecksumAlgorithm.Crc16Ccitt, Endian.Little, "B129")]
    [InlineData(ChecksumAlgorithm.Crc32, Endian.Little, "2639F4CB")]
    public void Fits_ByteOrder_AsWritten(ChecksumAlgorithm algorithm, Endian endian, string value)
    {
        var checksum = new Checksum(new() { Algorithm = algorithm, Endian = endian }, trailer: 0);

        Assert.True(checksum.Fits([.. "123456789"u8, .. Bytes.Hex(value)]));
    }

    // NMEA 0183: between the dollar sign and the asterisk.
    [Theory]
    [InlineData("$GPGLL,5300.97914,N,00259.98174,E,125926,A*28\r\n", true)]
    [InlineData("$GPGLL,5300.97914,N,00259.98174,E,125926,B*28\r\n", false)]
    [InlineData("$GPGLL,5300.97914,N,00259.98174,E,125926,A*2G\r\n", false)]
    [InlineData("!GPGLL,5300.97914,N,00259.98174,E,125926,A#28\n\r", true)] // what is not covered does not matter
    [InlineData("$*00\r\n", false)] // too short
    [InlineData("", false)]
    public void Fits_DigitsBeforeTheEnd_CoverWhatIsSaid(string message, bool fits)
    {
        var config = new ChecksumConfig
        {
            Algorithm = ChecksumAlgorithm.Xor8,
            Start = 1,
            End = 5,
            Encoding = ChecksumEncoding.Hex,
        };

        Assert.Equal(fits, new Checksum(config, trailer: 2).Fits(Bytes.Text(message)));
        Assert.Equal(fits, new Checksum(config with { Trailer = 2 }, trailer: 0).Fits(Bytes.Text(message)));
        Assert.Equal(7, new Checksum(config, trailer: 2).MinBytes);
    }
}
