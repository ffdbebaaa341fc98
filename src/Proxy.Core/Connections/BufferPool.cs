using System.Buffers;
using Proxy.Limits;

namespace Proxy.Connections;

/// <summary>The buffers of relays. They are taken only while there are bytes, and counted, so that leaks show.</summary>
public sealed class BufferPool
{
    /// <summary>The size of a buffer in bytes; a relay holds at most one per direction.</summary>
    public const int BufferSize = 64 * 1024;

    private const int SmallSize = 4096;
    private readonly ByteBudget? _memory;
    private readonly ArrayPool<byte> _arrays = ArrayPool<byte>.Shared;
    private int _outstanding;

    /// <summary>Creates a pool whose buffers are only counted.</summary>
    public BufferPool() { }

    internal BufferPool(ByteBudget memory) => _memory = memory;

    internal BufferPool(ArrayPool<byte> arrays) => _arrays = arrays;

    /// <summary>The number of buffers in use.</summary>
    public int Outstanding => Volatile.Read(ref _outstanding);

    /// <summary>Whether the memory of the process for buffers is used up, so that relays should keep nothing.</summary>
    internal bool IsFull => _memory is { IsFull: true };

    /// <summary>Takes a buffer.</summary>
    /// <returns>An array of at least <see cref="BufferSize"/> bytes.</returns>
    public byte[] Rent() => Take(BufferSize);

    /// <summary>Takes a buffer, a small one if the memory of the process for buffers is used up.</summary>
    internal byte[] RentWithinBudget() => Take(IsFull ? SmallSize : BufferSize);

    /// <summary>Returns a buffer.</summary>
    /// <param name="buffer">An array from <see cref="Rent"/>.</param>
    public void Return(byte[] buffer)
    {
        ArgumentNullException.ThrowIfNull(buffer);
        _arrays.Return(buffer);
        Interlocked.Decrement(ref _outstanding);
        _memory?.Add(-buffer.Length);
    }

    /// <summary>Takes a buffer of at least a size, which is counted like the others.</summary>
    internal byte[] RentAtLeast(int size) => Take(size);

    private byte[] Take(int size)
    {
        var buffer = _arrays.Rent(size);
        Interlocked.Increment(ref _outstanding);
        _memory?.Add(buffer.Length);
        return buffer;
    }
}
