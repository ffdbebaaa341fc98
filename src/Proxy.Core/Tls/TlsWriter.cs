using System.Net.Security;
using System.Runtime.CompilerServices;
using Proxy.Connections;

namespace Proxy.Tls;

/// <summary>Writes bytes within TLS, and close_notify behind the last of them: the stream itself would mix both. One writer at a time.</summary>
internal sealed class TlsWriter(SslStream stream, CipherStream cipher, TcpConnection transport)
{
    /// <summary>The bytes that a TLS stream encrypts and sends at once, as two full records; one more would make a small one.</summary>
    public const int MostAtOnce = 2 * 16_354;

    private readonly Lock _gate = new(); // guards all below
    private TaskCompletionSource? _ended;
    private bool _isWriting;

    /// <summary>Completes when the kernel has all bytes.</summary>
    /// <exception cref="IOException">The connection is reset or closed, or was ended by this side.</exception>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public async ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        if (bytes.IsEmpty)
        {
            return;
        }

        lock (_gate)
        {
            if (_ended is not null)
            {
                throw new IOException("This side has ended the connection.");
            }

            _isWriting = true;
        }

        try
        {
            // What is written by one call travels together.
            while (!bytes.IsEmpty)
            {
                var part = bytes[..Math.Min(bytes.Length, MostAtOnce)];
                bytes = bytes[part.Length..];
                cipher.MoreFollows = !bytes.IsEmpty;
                await stream.WriteAsync(part, cancellationToken);
            }
        }
        finally
        {
            cipher.MoreFollows = false;
            bool ends;
            lock (_gate)
            {
                _isWriting = false;
                ends = _ended is not null;
            }

            if (ends)
            {
                _ = SendEndAsync();
            }
        }
    }

    /// <summary>Sends close_notify and FIN after the bytes sent so far. The task completes when the kernel has them, and never fails.</summary>
    public Task EndAsync()
    {
        lock (_gate)
        {
            if (_ended is not null)
            {
                return _ended.Task;
            }

            _ended = new();
            if (_isWriting)
            {
                return _ended.Task;
            }
        }

        _ = SendEndAsync();
        return _ended.Task;
    }

    private async Task SendEndAsync()
    {
        try
        {
            await stream.ShutdownAsync();
            await transport.EndSendingAsync();
        }
        catch (Exception exception)
            when (exception is IOException or ObjectDisposedException or InvalidOperationException or NotSupportedException)
        {
            // The connection is lost, which its reader notices. A FIN alone would be a cut.
        }
        finally
        {
            _ended!.TrySetResult();
        }
    }
}
