using System.Buffers;

namespace Proxy.Multiplexing;

/// <summary>
/// A contiguous byte buffer: bytes are appended at the end and consumed from the start. It grows as needed and shrinks when it is empty.
/// </summary>
internal sealed class ByteBuffer : IBufferWriter<byte>
{
    private const int Smallest = 512;
    private const int KeptWhenEmpty = 16 * 1024;
    private byte[] _array = [];
    private int _start;
    private int _end;

    public int Count => _end - _start;

    public Span<byte> Span => _array.AsSpan(_start, Count);

    public Memory<byte> Memory => _array.AsMemory(_start, Count);

    /// <summary>The free space to write into.</summary>
    /// <param name="most">
    /// The longest content that is allowed; beyond it, and beyond what is there plus one byte, no space is given.
    /// </param>
    public Memory<byte> Room(int most)
    {
        if (_end == _array.Length)
        {
            Grow(1);
        }

        var room = Math.Min(_array.Length - _end, Math.Max(1, most - Count));
        return _array.AsMemory(_end, room);
    }

    public void Advance(int count) => _end += count;

    public void Append(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(GetSpan(bytes.Length));
        _end += bytes.Length;
    }

    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        var size = Math.Max(1, sizeHint);
        if (_array.Length - _end < size)
        {
            Grow(size);
        }

        return _array.AsMemory(_end);
    }

    public Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

    /// <summary>Removes bytes from the start.</summary>
    public void Consume(int count)
    {
        _start += count;
        if (_start == _end)
        {
            Clear();
        }
    }

    public void Clear()
    {
        _start = _end = 0;
        if (_array.Length > KeptWhenEmpty)
        {
            Release();
        }
    }

    /// <summary>Releases the memory. The buffer can still be used afterwards.</summary>
    public void Release()
    {
        if (_array.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(_array);
        }

        _array = [];
        _start = _end = 0;
    }

    // Doubles the size, so that memory follows the bytes that have arrived, never a length that a peer announced.
    private void Grow(int size)
    {
        var count = Count;
        if (_start > 0 && _array.Length - count >= size)
        {
            Span.CopyTo(_array);
        }
        else
        {
            var larger = ArrayPool<byte>.Shared.Rent(Math.Max(Smallest, Math.Max(2 * count, count + size)));
            Span.CopyTo(larger);
            if (_array.Length > 0)
            {
                ArrayPool<byte>.Shared.Return(_array);
            }

            _array = larger;
        }

        _start = 0;
        _end = count;
    }
}
