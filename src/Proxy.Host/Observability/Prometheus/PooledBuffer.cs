using System.Buffers;

namespace Proxy.Host.Observability.Prometheus;

/// <summary>Bytes in one pooled array that grows, up to a bound.</summary>
/// <param name="limit">Bytes; one more is an error.</param>
internal sealed class PooledBuffer(int limit) : IBufferWriter<byte>, IDisposable
{
    private const int First = 64 * 1024;
    private byte[] _array = [];

    public int Length { get; private set; }

    public ReadOnlyMemory<byte> Written => _array.AsMemory(0, Length);

    public void Clear() => Length = 0;

    public void Advance(int count) => Length += count;

    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        Ensure(Math.Max(sizeHint, 1));
        return _array.AsMemory(Length);
    }

    public Span<byte> GetSpan(int sizeHint = 0)
    {
        Ensure(Math.Max(sizeHint, 1));
        return _array.AsSpan(Length);
    }

    public void Dispose()
    {
        Return();
        _array = [];
        Length = 0;
    }

    private void Ensure(int more)
    {
        if (more <= _array.Length - Length)
        {
            return;
        }

        if (more > limit - Length)
        {
            throw new InvalidOperationException($"A scrape is larger than {limit} bytes.");
        }

        var larger = ArrayPool<byte>.Shared.Rent((int)Math.Min(limit, Math.Max(First, Math.Max(2L * _array.Length, (long)Length + more))));
        _array.AsSpan(0, Length).CopyTo(larger);
        Return();
        _array = larger;
    }

    private void Return()
    {
        if (_array.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(_array);
        }
    }
}
