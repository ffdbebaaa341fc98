using System.IO.Pipelines;
using Microsoft.AspNetCore.Connections;
using Proxy.Connections;

namespace Proxy.Handover;

/// <summary>
/// The bytes to the client, which a flush hands to the kernel. Kestrel does not expect a flush to fail: on a connection that is gone it says that nothing reads
/// any more. Kestrel's code goes on on the thread pool, since it may block.
/// </summary>
/// <param name="stream">The connection. It is not closed here.</param>
/// <param name="deadlines">Waits for bandwidth.</param>
/// <param name="sent">Called with the number of bytes that were sent.</param>
internal sealed class HandedOutput(Stream stream, HandoverDeadlines deadlines, Action<int> sent) : PipeWriter
{
    private readonly PipeWriter _inner = Create(stream, new(minimumBufferSize: BufferPool.BufferSize, leaveOpen: true));
    private int _unflushed;
    private volatile bool _isFlushing;
    private volatile bool _hasBegun;

    /// <summary>Whether a flush waits, for the client as a rule.</summary>
    public bool IsFlushing => _isFlushing;

    /// <summary>Whether there were bytes since this was last set to false.</summary>
    public bool HasBegun
    {
        get => _hasBegun;
        set => _hasBegun = value;
    }

    public override bool CanGetUnflushedBytes => true;

    public override long UnflushedBytes => _unflushed;

    public override Memory<byte> GetMemory(int sizeHint = 0) => _inner.GetMemory(sizeHint);

    public override Span<byte> GetSpan(int sizeHint = 0) => _inner.GetSpan(sizeHint);

    public override void Advance(int bytes)
    {
        _inner.Advance(bytes);
        _unflushed += bytes;
        _hasBegun = true;
    }

    public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
    {
        var count = _unflushed;
        _unflushed = 0;
        var allowed = deadlines.Down.AllowedAsync(deadlines.Now);
        if (!allowed.IsCompletedSuccessfully)
        {
            return FlushLaterAsync(allowed, count, cancellationToken);
        }

        var flushing = _inner.FlushAsync(cancellationToken);
        if (!flushing.IsCompletedSuccessfully)
        {
            return FinishAsync(flushing, count);
        }

        Sent(count);
        return flushing;
    }

    public override void CancelPendingFlush() => _inner.CancelPendingFlush();

    // Completing the writer would send what is left synchronously. EndAsync does it.
    public override void Complete(Exception? exception = null) { }

    public override ValueTask CompleteAsync(Exception? exception = null) => default;

    /// <summary>Sends what is left, unless the connection is gone, and gives the memory back.</summary>
    public async ValueTask EndAsync(bool isGone)
    {
        try
        {
            await _inner.CompleteAsync(isGone ? new ConnectionAbortedException() : null);
        }
        catch (Exception exception) when (IsLoss(exception))
        {
            await _inner.CompleteAsync(exception);
        }
    }

    private async ValueTask<FlushResult> FlushLaterAsync(ValueTask<int> allowed, int count, CancellationToken cancellationToken)
    {
        await allowed;
        return await FinishAsync(_inner.FlushAsync(cancellationToken), count);
    }

    private async ValueTask<FlushResult> FinishAsync(ValueTask<FlushResult> flushing, int count)
    {
        var result = new FlushResult(isCanceled: false, isCompleted: true);
        _isFlushing = true;
        try
        {
            result = await flushing;
            Sent(count);
        }
        catch (Exception exception) when (IsLoss(exception))
        {
            // The reader of the client's bytes learns why.
        }
        finally
        {
            _isFlushing = false;
        }

        if (!Thread.CurrentThread.IsThreadPoolThread)
        {
            await Task.Yield();
        }

        return result;
    }

    private void Sent(int count)
    {
        if (count > 0)
        {
            deadlines.Down.Count(count);
            sent(count);
        }
    }

    private static bool IsLoss(Exception exception) =>
        exception is IOException or ConnectionAbortedException or ObjectDisposedException or InvalidOperationException;
}
