namespace Proxy.Tls.Termination;

/// <summary>
/// The transport below a TLS stream of the server's side. Until the handshake is over it notes how far that has come; all else passes through.
/// </summary>
internal sealed class HandshakeStream(Stream transport) : ConnectionStream
{
    private bool _isOver;

    /// <summary>Whether an earlier session is resumed; null while or if that is not known.</summary>
    public bool? IsResumed { get; private set; }

    /// <summary>Ends the watch.</summary>
    public void Over() => _isOver = true;

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        transport.ReadAsync(buffer, cancellationToken);

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (!_isOver)
        {
            IsResumed ??= ServerFlight.IsResumed(buffer.Span);
        }

        return transport.WriteAsync(buffer, cancellationToken);
    }
}
