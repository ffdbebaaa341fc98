using System.Buffers;

namespace Proxy.Connections;

/// <summary>The relay's buffers: taken only while bytes are there, and counted, so that a leak shows.</summary>
public sealed class BufferPool
{
    /// <summary>The size of a buffer in bytes; a relay holds at most one per direction.</summary>
    public const int BufferSize = 64 * 1024;

    private int _outstanding;

    /// <summary>Buffers in use now.</summary>
    public int Outstanding => Volatile.Read(ref _outstanding);

    /// <summary>Takes a buffer.</summary>
    /// <returns>At least <see cref="BufferSize"/> bytes.</returns>
    public byte[] Rent()
    {
        Interlocked.Increment(ref _outstanding);
        return ArrayPool<byte>.Shared.Rent(BufferSize);
    }

    /// <summary>Gives a buffer back.</summary>
    /// <param name="buffer">One from <see cref="Rent"/>.</param>
    public void Return(byte[] buffer)
    {
        ArrayPool<byte>.Shared.Return(buffer);
        Interlocked.Decrement(ref _outstanding);
    }
}
