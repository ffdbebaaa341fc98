using System.Diagnostics;

namespace Proxy.Connections;

/// <summary>
/// Bytes of a connection that were read before its handler was known, which gets them first. Their memory counts in the budget of the process. One
/// user at a time.
/// </summary>
internal sealed class ReadAhead(BufferPool buffers) : IDisposable
{
    private const int FirstSize = 4096;
    private const int Growth = 4;

    private byte[]? _buffer;
    private int _start;
    private int _end;

    /// <summary>The bytes.</summary>
    public ReadOnlySpan<byte> Bytes => _buffer.AsSpan(_start, _end - _start);

    /// <summary>The number of bytes.</summary>
    public int Count => _end - _start;

    /// <summary>Whether no more bytes are received, because the memory of the process for buffers is used up.</summary>
    public bool IsOutOfMemory => Count < BufferPool.BufferSize && _buffer is { } buffer && _end == buffer.Length && buffers.IsFull;

    /// <summary>Waits for bytes of a stream, and adds them to these. While there are none, no memory is held.</summary>
    /// <returns>Whether there were some; false at the end of the stream, and if there is no room.</returns>
    public async ValueTask<bool> ReceiveAsync(Stream stream, CancellationToken cancellationToken)
    {
        var ready = stream as IReadyStream;
        while (true)
        {
            if (Count > 0 || ready is null)
            {
                var isThere = Count > 0 || await stream.ReadAsync(Memory<byte>.Empty, cancellationToken) == 0;
                Debug.Assert(isThere, "A read without a buffer only waits.");
            }
            else
            {
                await ready.WaitAsync(cancellationToken);
            }

            var room = Room();
            var count =
                room.IsEmpty ? 0
                : Count > 0 || ready is null ? await stream.ReadAsync(room, cancellationToken)
                : await ready.TryReadAsync(room);
            if (count >= 0)
            {
                _end += count;
                return count > 0;
            }

            Dispose(); // what was there was read before
        }
    }

    /// <summary>Copies the first bytes, which are then no longer among these.</summary>
    /// <returns>The number of copied bytes.</returns>
    public int Read(Span<byte> destination)
    {
        var count = Math.Min(Count, destination.Length);
        Bytes[..count].CopyTo(destination);
        Skip(count);
        return count;
    }

    /// <summary>Leaves out the first bytes.</summary>
    public void Skip(int count)
    {
        Debug.Assert(count <= Count, "These bytes have not been read.");
        _start += count;
        if (_start == _end)
        {
            Dispose();
        }
    }

    /// <summary>Returns the bytes in their array, which the caller has to return to the pool, and forgets them.</summary>
    public ArraySegment<byte> Detach()
    {
        var bytes = new ArraySegment<byte>(_buffer ?? [], _start, Count);
        (_buffer, _start, _end) = (null, 0, 0);
        return bytes;
    }

    /// <summary>Forgets the bytes.</summary>
    public void Dispose()
    {
        if (_buffer is { } buffer)
        {
            (_buffer, _start, _end) = (null, 0, 0);
            buffers.Return(buffer);
        }
    }

    // Empty if there are enough bytes, or if there is no memory for more.
    private Memory<byte> Room()
    {
        if (_buffer is null)
        {
            _buffer = buffers.RentAtLeast(FirstSize);
        }
        else if (_end == _buffer.Length && _buffer.Length < BufferPool.BufferSize && !buffers.IsFull)
        {
            Grow();
        }

        return _buffer.AsMemory(_end);
    }

    private void Grow()
    {
        var larger = buffers.RentAtLeast(Math.Min(_buffer!.Length * Growth, BufferPool.BufferSize));
        Bytes.CopyTo(larger);
        buffers.Return(_buffer);
        (_buffer, _start, _end) = (larger, 0, Count);
    }
}
