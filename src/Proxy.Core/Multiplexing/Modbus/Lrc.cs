namespace Proxy.Multiplexing.Modbus;

/// <summary>The check of Modbus ASCII: what the sum of all bytes lacks to be a multiple of 256.</summary>
internal static class Lrc
{
    public const int Size = 1;

    public static byte Compute(ReadOnlySpan<byte> bytes) => (byte)-Sum(bytes);

    /// <summary>Whether bytes end with their own LRC.</summary>
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
