using System.Buffers;
using System.Numerics;

namespace Proxy.Multiplexing;

/// <summary>
/// The arrays of message buffers. The runtime's shared pool keeps what was returned to it, for each core, and no budget counts that. So it gets
/// small arrays only; of larger ones a few are kept, and the largest are left to the garbage collector. Thread-safe.
/// </summary>
internal sealed class MessageArrays
{
    private const int LargestShared = 64 * 1024;
    private const int LargestKept = 1024 * 1024;
    private const int KeptPerSize = 4; // 7.5 MiB in all

    private readonly ArrayPool<byte> _large = ArrayPool<byte>.Create(LargestKept, KeptPerSize);

    /// <summary>The arrays of this process.</summary>
    public static MessageArrays Shared { get; } = new();

    /// <summary>The length of the array that is rented for a size.</summary>
    public static int LengthFor(int size) => size > LargestKept ? size : (int)BitOperations.RoundUpToPowerOf2((uint)Math.Max(size, 16));

    public byte[] Rent(int size) =>
        size <= LargestShared ? ArrayPool<byte>.Shared.Rent(size)
        : size <= LargestKept ? _large.Rent(size)
        : GC.AllocateUninitializedArray<byte>(size);

    public void Return(byte[] array)
    {
        if (array.Length is > 0 and <= LargestShared)
        {
            ArrayPool<byte>.Shared.Return(array);
        }
        else if (array.Length is > LargestShared and <= LargestKept)
        {
            _large.Return(array);
        }
    }
}
