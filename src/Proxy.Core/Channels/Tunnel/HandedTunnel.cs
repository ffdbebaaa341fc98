using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Proxy.Connections;

namespace Proxy.Channels.Tunnel;

/// <summary>
/// A connection of a tunnel port as Kestrel gets it: received all the time, up to a limit, so that its end is noticed. Kestrel disposes this; the connection below is
/// disposed of where it was accepted.
/// </summary>
internal sealed class HandedTunnel : DefaultConnectionContext, IDuplexPipe, IMemoryPoolFeature
{
    private const int MostUnread = 1024 * 1024; // as with Kestrel's own transport

    private readonly TcpConnection _inner;

    [SuppressMessage("Usage", "CA2213", Justification = "It holds nothing; the connection below has an owner of its own.")]
    private readonly Stream _stream;
    private readonly Pipe _received;

    [SuppressMessage("Usage", "CA2213", Justification = "Without a timer it holds nothing, and its token is used by others.")]
    private readonly CancellationTokenSource _closed = new();
    private readonly CancellationTokenSource _over = new();
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Task _receiving = Task.CompletedTask;

    public HandedTunnel(TcpConnection inner, MemoryPool<byte> memory)
        : base(inner.ConnectionId)
    {
        (_inner, MemoryPool) = (inner, memory);
        _stream = new YieldingStream(inner.OpenStream() ?? throw new IOException("The connection is closed."));
        // Kestrel's code may block, and so does not run on an event loop.
        _received = new(
            new(memory, PipeScheduler.ThreadPool, PipeScheduler.Inline, MostUnread, MostUnread / 2, -1, useSynchronizationContext: false)
        );
        Output = PipeWriter.Create(_stream, new(memory, minimumBufferSize: TunnelMemory.BlockSize, leaveOpen: true));
        Transport = this;
        LocalEndPoint = inner.LocalEndPoint;
        RemoteEndPoint = inner.RemoteEndPoint;
        ConnectionClosed = _closed.Token;
        Features.Set<IMemoryPoolFeature>(this);
        Features.Set(this);
    }

    public PipeReader Input => _received.Reader;

    public PipeWriter Output { get; }

    public MemoryPool<byte> MemoryPool { get; }

    /// <summary>Completes when Kestrel is done with the connection.</summary>
    public Task Ended => _ended.Task;

    /// <summary>Whether the peer has ended the connection or reset it, whatever is unread.</summary>
    public bool HasPeerEnded => _inner.HasPeerEnded;

    /// <summary>Begins to receive.</summary>
    public void Start() => _receiving = ReceiveAsync();

    public override void Abort(ConnectionAbortedException abortReason)
    {
        _inner.Abort(abortReason);
        Closed();
    }

    public override async ValueTask DisposeAsync()
    {
        try
        {
            await _over.CancelAsync();
            await _received.Reader.CompleteAsync(); // what receives may wait for room
            await _receiving;
            await base.DisposeAsync();
        }
        finally
        {
            _over.Dispose();
            _ended.TrySetResult();
        }
    }

    private async Task ReceiveAsync()
    {
        Exception? failure = null;
        var writer = _received.Writer;
        try
        {
            while (true)
            {
#pragma warning disable CA2022 // It reads nothing: it waits, and holds no memory while the peer is silent.
                await _stream.ReadAsync(Memory<byte>.Empty, _over.Token);
#pragma warning restore CA2022
                var count = await _stream.ReadAsync(writer.GetMemory(), _over.Token);
                if (count == 0)
                {
                    break;
                }

                writer.Advance(count);
                if ((await writer.FlushAsync()).IsCompleted)
                {
                    break; // Kestrel reads no more
                }
            }
        }
        catch (OperationCanceledException)
        {
            // Kestrel is done.
        }
        catch (Exception exception)
        {
            failure = exception as ConnectionResetException ?? new ConnectionResetException(exception.Message, exception);
        }

        await writer.CompleteAsync(failure);
        Closed();
    }

    private void Closed() => ThreadPool.UnsafeQueueUserWorkItem(Cancel, _closed, preferLocal: false);

    private static void Cancel(CancellationTokenSource closed)
    {
        try
        {
            closed.Cancel();
        }
        catch (AggregateException)
        {
            // The callbacks are Kestrel's and those of its applications; what one of them throws must not end the process.
        }
    }

    /// <summary>Goes on on the thread pool after a write that had to wait.</summary>
    private sealed class YieldingStream(Stream inner) : ConnectionStream
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            inner.ReadAsync(buffer, cancellationToken);

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var writing = inner.WriteAsync(buffer, cancellationToken);
            return writing.IsCompletedSuccessfully ? writing : AwaitAsync(writing);
        }

        private static async ValueTask AwaitAsync(ValueTask writing)
        {
            try
            {
                await writing;
            }
            finally
            {
                await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
            }
        }
    }
}
