using System.IO.Compression;

namespace Proxy.Host.Observability.Prometheus;

/// <summary>One exposition that many answers share. Its buffers go back when the last has let go.</summary>
internal sealed class Exposition(PooledBuffer text, int maxBytes, long collectedAt)
{
    private readonly Lock _gate = new(); // guards all below
    private PooledBuffer? _compressed;
    private int _users = 1; // one is the exporter, which keeps it for the next scrape

    public long CollectedAt => collectedAt;

    /// <summary>Joins its users, unless it is gone.</summary>
    public bool TryUse()
    {
        lock (_gate)
        {
            _users += _users > 0 ? 1 : 0;
            return _users > 0;
        }
    }

    public void Release()
    {
        lock (_gate)
        {
            if (--_users == 0)
            {
                text.Dispose();
                _compressed?.Dispose();
            }
        }
    }

    /// <summary>The bytes of the answer; compressed once for all.</summary>
    public ReadOnlyMemory<byte> Body(bool gzip)
    {
        if (!gzip)
        {
            return text.Written;
        }

        lock (_gate)
        {
            _compressed ??= Compress();
            return _compressed.Written;
        }
    }

    private PooledBuffer Compress()
    {
        var to = new PooledBuffer(maxBytes);
        using var gzip = new GZipStream(new BufferStream(to), CompressionLevel.Fastest);
        gzip.Write(text.Written.Span);
        return to;
    }
}
