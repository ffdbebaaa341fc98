using Proxy.Connections;

namespace Proxy.Tls.Termination;

/// <summary>The encrypted bytes of a client. Until the handshake is over it notes how far that has come.</summary>
internal sealed class HandshakeStream(Stream transport, BufferPool buffers) : CipherStream(transport, buffers)
{
    private bool _isOver;

    /// <summary>Whether an earlier session is resumed; null while or if that is not known.</summary>
    public bool? IsResumed { get; private set; }

    /// <summary>Ends the watch.</summary>
    public void Over() => _isOver = true;

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (!_isOver)
        {
            IsResumed ??= ServerFlight.IsResumed(buffer.Span);
        }

        return base.WriteAsync(buffer, cancellationToken);
    }
}
