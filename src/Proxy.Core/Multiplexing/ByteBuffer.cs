using System.Buffers;
using Proxy.Limits;

namespace Proxy.Multiplexing;

/// <summary>
/// A contiguous byte buffer: bytes are appended at the end and consumed from the start. It grows as needed and shrinks when it is empty.
/// </summary>
/// <param name="holder">What its memory is counted for; null if it is not counted.</param>
internal sealed class ByteBuffer(ByteHolder? holder = null) : IBufferWriter<byte>
{
    private const int Smallest = 512;
    private const int KeptWhenEmpty = ByteBudget.Uncounted;
    private ByteHolder? _holder = holder;
    private byte[] _array = [];
    private int _start;
    private int _end;

    public int Count => _end - _start;

    public Span<byte> Span => _array.AsSpan(_start, Count);

    public Memory<byte> Memory => _array.AsMemory(_start, Count);

    /// <summary>The memory that is needed before more can be received, beside the present one, which is copied; 0 if there is space.</summary>
    /// <param name="most">The longest content that is allowed.</param>
    /// <param name="least">The least space that is wanted.</param>
    public int NextGrowth(int most, int least = 1)
    {
        var space = Math.Max(1, least);
        var needed = _array.Length - Count >= space ? 0 : MessageArrays.LengthFor(Grown(space, most));
        return needed <= ByteBudget.Uncounted ? 0 : needed;
    }

    /// <summary>The free space to write into.</summary>
    /// <param name="most">
    /// The longest content that is allowed; beyond it, and beyond what is there plus one byte, no space is given.
    /// </param>
    /// <param name="least">The least space that is given if the buffer has to grow for it.</param>
    public Memory<byte> Room(int most, int least = 1)
    {
        if (_array.Length - _end < Math.Max(1, least))
        {
            Grow(Math.Max(1, least), most);
        }

        var room = Math.Min(_array.Length - _end, Math.Max(1, most - Count));
        return _array.AsMemory(_end, room);
    }

    public void Advance(int count) => _end += count;

    public void Append(ReadOnlySpan<byte> bytes)
    {
        if (bytes.IsEmpty)
        {
            return;
        }

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

    /// <summary>Takes the first bytes of another buffer, and its memory with them if they are all it has and many.</summary>
    public void TakeFrom(ByteBuffer other, int length)
    {
        if (Count == 0 && length == other.Count && length > KeptWhenEmpty && _holder == other._holder)
        {
            Release();
            (_array, _start, _end) = (other._array, other._start, other._end);
            other._array = [];
            other._start = other._end = 0;
        }
        else
        {
            Append(other.Span[..length]);
            other.Consume(length);
        }
    }

    /// <summary>Counts the memory no more, since the buffer is dropped while its bytes may still be read.</summary>
    public void Forget()
    {
        var holder = _holder;
        _holder = null;
        holder?.Resize(_array.Length, 0);
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
        var size = _array.Length;
        MessageArrays.Shared.Return(_array);
        _array = [];
        _start = _end = 0;
        _holder?.Resize(size, 0);
    }

    // Small buffers grow faster, since they are taken anew for each message.
    private int Grown(int size, int most) =>
        Math.Max(Smallest, Math.Max((int)Math.Min((Count < KeptWhenEmpty ? 4L : 2L) * Count, most), Count + size));

    // A multiple of what is there, so that memory follows the bytes that have arrived, never a length that a peer announced.
    private void Grow(int size, int most = int.MaxValue)
    {
        var count = Count;
        if (_start > 0 && _array.Length - count >= size)
        {
            Span.CopyTo(_array);
        }
        else
        {
            var larger = MessageArrays.Shared.Rent(Grown(size, most));
            _holder?.Resize(0, larger.Length); // beside the former one until its bytes are copied
            Span.CopyTo(larger);
            MessageArrays.Shared.Return(_array);
            _holder?.Resize(_array.Length, 0);
            _array = larger;
        }

        _start = 0;
        _end = count;
    }
}
