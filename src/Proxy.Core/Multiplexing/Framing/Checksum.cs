using System.Buffers;
using System.Buffers.Binary;
using Proxy.Configuration.Multiplexing;

namespace Proxy.Multiplexing.Framing;

/// <summary>The checksum of a declared framing: where it is, what it covers, and whether it fits.</summary>
internal sealed class Checksum
{
    private readonly ChecksumConfig _config;
    private readonly int _bytes; // of the value
    private readonly int _trailer; // bytes behind it
    private readonly int _end; // bytes at the end that it does not cover
    private readonly bool _isLittle;

    /// <param name="config">Its section, validated.</param>
    /// <param name="trailer">The number of bytes behind it unless the section says otherwise.</param>
    public Checksum(ChecksumConfig config, int trailer)
    {
        _config = config;
        _bytes = ChecksumSize.OfValue(config.Algorithm);
        _trailer = config.Trailer ?? trailer;
        _end = config.End ?? (_trailer + Written);
        _isLittle = (config.Endian ?? DefaultEndian(config.Algorithm)) == Endian.Little;
    }

    /// <summary>The shortest message: with one byte that is covered.</summary>
    public int MinBytes => _config.Start + 1 + _end;

    /// <summary>Whether it hardly ever fits by chance.</summary>
    public bool IsStrong => _bytes > 1;

    /// <summary>Whether a message has its checksum.</summary>
    public bool Fits(ReadOnlySpan<byte> message)
    {
        if (message.Length < MinBytes)
        {
            return false;
        }

        Span<byte> value = stackalloc byte[sizeof(uint)];
        value = value[.._bytes];
        var written = message[^(_trailer + Written)..^_trailer];
        if (_config.Encoding == ChecksumEncoding.Binary)
        {
            written.CopyTo(value);
        }
        else if (Convert.FromHexString(written, value, out _, out _) != OperationStatus.Done)
        {
            return false;
        }

        return Read(value) == Compute(message[_config.Start..^_end]);
    }

    private int Written => ChecksumSize.Written(_config);

    private static Endian DefaultEndian(ChecksumAlgorithm algorithm) =>
        algorithm == ChecksumAlgorithm.Crc16Modbus ? Endian.Little : Endian.Big;

    private uint Read(ReadOnlySpan<byte> value) =>
        value.Length switch
        {
            4 => _isLittle ? BinaryPrimitives.ReadUInt32LittleEndian(value) : BinaryPrimitives.ReadUInt32BigEndian(value),
            2 => _isLittle ? BinaryPrimitives.ReadUInt16LittleEndian(value) : BinaryPrimitives.ReadUInt16BigEndian(value),
            _ => value[0],
        };

    private uint Compute(ReadOnlySpan<byte> bytes) =>
        _config.Algorithm switch
        {
            ChecksumAlgorithm.Crc16Modbus => Crc16.Compute(bytes),
            ChecksumAlgorithm.Crc16Ccitt => Crc.Ccitt.Compute(bytes),
            ChecksumAlgorithm.Crc16Xmodem => Crc.Xmodem.Compute(bytes),
            ChecksumAlgorithm.Crc32 => Crc.Crc32.Compute(bytes),
            ChecksumAlgorithm.Lrc => Lrc.Compute(bytes),
            ChecksumAlgorithm.Sum8 => (byte)-Lrc.Compute(bytes),
            _ => Xor(bytes),
        };

    private static byte Xor(ReadOnlySpan<byte> bytes)
    {
        byte result = 0;
        foreach (var octet in bytes)
        {
            result ^= octet;
        }

        return result;
    }
}
