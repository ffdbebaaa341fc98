namespace Proxy.Multiplexing.Framing;

/// <summary>The checksum of Modbus ASCII: the two's complement of the sum of all bytes (Modbus Serial Line 1.02, 2.5.2.2).</summary>
internal static class Lrc
{
    public const int Size = 1;

    public static byte Compute(ReadOnlySpan<byte> bytes) => (byte)-Sum(bytes);

    /// <summary>Whether bytes end with their LRC.</summary>
    public static bool IsValid(ReadOnlySpan<byte> bytes) => bytes.Length > Size && (byte)Sum(bytes) == 0;

    private static int Sum(ReadOnlySpan<byte> bytes)
    {
        var sum = 0;
        foreach (var octet in bytes)
        {
            sum += octet;
        }

        return sum;
    }
}
