namespace Proxy.Multiplexing.Framing;

/// <summary>A cyclic redundancy check of 16 or 32 bits, by the parameters of the usual catalogues.</summary>
internal sealed class Crc
{
    private readonly uint[] _table;
    private readonly int _bits;
    private readonly uint _start;
    private readonly uint _end;
    private readonly bool _isReflected;

    /// <param name="bits">Its length: 16 or 32.</param>
    /// <param name="polynomial">The polynomial, reversed if reflected.</param>
    /// <param name="start">The value before the first byte.</param>
    /// <param name="end">What the result is combined with by exclusive or.</param>
    /// <param name="isReflected">Whether the low bit of a byte comes first.</param>
    public Crc(int bits, uint polynomial, uint start, uint end, bool isReflected)
    {
        (_bits, _start, _end, _isReflected) = (bits, start, end, isReflected);
        _table = [.. Enumerable.Range(0, 256).Select(octet => Shift((uint)octet, polynomial))];
    }

    /// <summary>CRC-16/CCITT-FALSE.</summary>
    public static Crc Ccitt { get; } = new(16, 0x1021, 0xFFFF, 0, isReflected: false);

    /// <summary>CRC-16/XMODEM.</summary>
    public static Crc Xmodem { get; } = new(16, 0x1021, 0, 0, isReflected: false);

    /// <summary>CRC-32/ISO-HDLC.</summary>
    public static Crc Crc32 { get; } = new(32, 0xEDB88320, uint.MaxValue, uint.MaxValue, isReflected: true);

    public uint Compute(ReadOnlySpan<byte> bytes)
    {
        var crc = _start;
        foreach (var octet in bytes)
        {
            crc = _isReflected ? (crc >> 8) ^ _table[(byte)(crc ^ octet)] : Cut(crc << 8) ^ _table[(byte)((crc >> (_bits - 8)) ^ octet)];
        }

        return crc ^ _end;
    }

    private uint Cut(uint value) => _bits == 32 ? value : value & ((1u << _bits) - 1);

    private uint Shift(uint octet, uint polynomial)
    {
        var top = 1u << (_bits - 1);
        var crc = _isReflected ? octet : octet << (_bits - 8);
        for (var bit = 0; bit < 8; bit++)
        {
            crc =
                _isReflected ? ((crc & 1) == 0 ? crc >> 1 : (crc >> 1) ^ polynomial)
                : (crc & top) == 0 ? Cut(crc << 1)
                : Cut(crc << 1) ^ polynomial;
        }

        return crc;
    }
}
