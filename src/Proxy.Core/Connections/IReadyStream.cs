namespace Proxy.Connections;

/// <summary>
/// A stream whose bytes are taken only once they are there: what waits for them holds no memory, and the system is not asked first whether there are any.
/// One reader at a time.
/// </summary>
internal interface IReadyStream
{
    /// <summary>Waits until there may be bytes, or the end, which includes a failure: only a read tells.</summary>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    ValueTask WaitAsync(CancellationToken cancellationToken = default);

    /// <summary>Reads what is there.</summary>
    /// <returns>The number of bytes, 0 at the end of the stream, or -1 if there are none now.</returns>
    /// <exception cref="IOException">The connection is reset or closed.</exception>
    ValueTask<int> TryReadAsync(Memory<byte> buffer);
}
