using Proxy.Connections;

namespace Proxy.Core.Tests.Tls;

/// <summary>The bytes of a peer's socket, below TLS or without. It remembers that they have ended.</summary>
internal sealed class WatchedStream(Stream inner) : ConnectionStream
{
    private MemoryStream? _held;

    /// <summary>Whether a read with a buffer returned nothing.</summary>
    public bool HasEnded { get; private set; }

    /// <summary>Keeps what is written from now on.</summary>
    public void Hold() => _held = new();

    /// <summary>Writes what was kept, and other bytes behind it, at once.</summary>
    public async Task ReleaseAsync(byte[] behind)
    {
        byte[] bytes = [.. _held!.ToArray(), .. behind];
        _held = null;
        await inner.WriteAsync(bytes);
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var count = await inner.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
        HasEnded |= count == 0 && !buffer.IsEmpty;
        return count;
    }

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
        _held?.WriteAsync(buffer, cancellationToken) ?? inner.WriteAsync(buffer, cancellationToken);
}
