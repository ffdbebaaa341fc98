using Proxy.Connections;

namespace Proxy.Core.Tests.Tls;

/// <summary>The bytes of a peer's socket, below TLS or without. It remembers that they have ended.</summary>
internal sealed class WatchedStream(Stream inner) : ConnectionStream
{
    /// <summary>Whether a read with a buffer returned nothing.</summary>
    public bool HasEnded { get; private set; }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var count = await inner.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
        HasEnded |= count == 0 && !buffer.IsEmpty;
        return count;
    }

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
        inner.WriteAsync(buffer, cancellationToken);
}
