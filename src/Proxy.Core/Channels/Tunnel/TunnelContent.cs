using System.Net;

namespace Proxy.Channels.Tunnel;

/// <summary>The request body that carries one direction of a tunnel: completing it sends END_STREAM, failing it RST_STREAM.</summary>
internal sealed class TunnelContent : HttpContent
{
    private readonly TaskCompletionSource<Stream> _started = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private static readonly TimeSpan _flushLimit = TimeSpan.FromSeconds(1);

    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<bool> _lost = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>The stream to write to, once the request has started.</summary>
    public Task<Stream> Started => _started.Task;

    /// <summary>Called when the stream is lost before it was ended.</summary>
    public Action? Lost { get; set; }

    /// <summary>For a stream that is lost, whether its connection is lost too; a flush fails then.</summary>
    public Task<bool> ConnectionLost => _lost.Task;

    public void End() => _ended.TrySetResult();

    public void Fail() => _ended.TrySetCanceled();

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        await using var gone = cancellationToken.UnsafeRegister(static self => ((TunnelContent)self!).OnGone(), this);
        try
        {
            await stream.FlushAsync(cancellationToken); // sends the headers, which would otherwise wait for the first byte
            _started.TrySetResult(stream);
        }
        catch
        {
            _started.TrySetResult(stream); // also if the request was answered to its end meanwhile: the answer has still to be read
            _lost.TrySetResult(!await CanFlushAsync(stream));
            throw;
        }

        await _ended.Task.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _lost.TrySetResult(_ended.Task.IsCanceled && !await CanFlushAsync(stream));
        await _ended.Task;
    }

    private static async Task<bool> CanFlushAsync(Stream stream)
    {
        try
        {
            await stream.FlushAsync(CancellationToken.None).WaitAsync(_flushLimit, TimeProvider.System);
            return true;
        }
        catch (TimeoutException)
        {
            return true; // the connection exists, but its streams are all in use
        }
        catch (Exception)
        {
            return false;
        }
    }

    protected override bool TryComputeLength(out long length)
    {
        length = 0;
        return false;
    }

    private void OnGone()
    {
        if (_ended.TrySetCanceled())
        {
            Lost?.Invoke();
        }
    }
}
