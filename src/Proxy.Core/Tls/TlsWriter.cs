using System.Net.Security;
using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Connections;
using Proxy.Connections;

namespace Proxy.Tls;

/// <summary>Writes bytes within TLS, and close_notify behind the last of them: the stream itself would mix both. One writer at a time.</summary>
internal sealed class TlsWriter : IThreadPoolWorkItem
{
    /// <summary>The most bytes that are best written at once: four full records, as a TLS stream makes them. One more would be small.</summary>
    public const int BestSize = 4 * RecordSize;

    private const int RecordSize = 16_354;
    private const int Little = 256 * 1024;

    private readonly SslStream _stream;
    private readonly TcpConnection _transport;
    private readonly Lock _gate = new(); // guards the two below
    private TaskCompletionSource? _ended;
    private bool _isWriting;
    private Task? _ending;
    private int _written; // in pieces of one record

    public TlsWriter(SslStream stream, TcpConnection transport)
    {
        (_stream, _transport) = (stream, transport);
        Guard = new(MakeEnd, () => transport.Post(this));
    }

    /// <summary>What reads has to hold while it uses the stream.</summary>
    public StateGuard Guard { get; }

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
            // The library's memory grows with the largest piece, and keeps that size: a TLS stream makes pieces of two records, which are a little faster.
            // A connection that carries little gets along with those of one.
            while (_written < Little && bytes.Length > RecordSize)
            {
                await _stream.WriteAsync(bytes[..RecordSize], cancellationToken);
                bytes = bytes[RecordSize..];
                _written += RecordSize;
            }

            await _stream.WriteAsync(bytes, cancellationToken);
        }
        finally
        {
            bool ends;
            lock (_gate)
            {
                _isWriting = false;
                ends = _ended is not null;
            }

            if (ends)
            {
                SendEnd();
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

        SendEnd();
        return _ended.Task;
    }

    private void SendEnd()
    {
        if (Guard.TryEnd())
        {
            _ = FinishEndAsync();
        }
    }

    // The message is made, and the first attempt to send it too, before this returns.
    private void MakeEnd()
    {
        try
        {
            _ending = _stream.ShutdownAsync();
        }
        catch (Exception exception)
        {
            _ending = Task.FromException(exception);
        }
    }

    // A read has made the end; what waits for it must not run within that read.
    void IThreadPoolWorkItem.Execute() => _ = FinishEndAsync();

    private async Task FinishEndAsync()
    {
        try
        {
            await _ending!;
            await _transport.EndSendingAsync();
        }
        catch (Exception exception)
            when (exception is IOException or ObjectDisposedException or InvalidOperationException or NotSupportedException)
        {
            // The connection is lost, which its reader notices. A FIN alone would be a cut.
        }
        catch (Exception exception)
        {
            _transport.Abort(new ConnectionAbortedException("The end within TLS could not be made.", exception)); // else the peer would wait for it
        }
        finally
        {
            _ended!.TrySetResult();
        }
    }
}
