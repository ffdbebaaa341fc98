using System.IO.Pipelines;

namespace Proxy.Channels.Tunnel;

/// <summary>Writes a tunnel. Completing it ends only this direction; a write after the peer has gone fails.</summary>
internal sealed class TunnelWriter(PipeWriter inner, TunnelConnection tunnel) : PipeWriter
{
    public override async ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default) =>
        await CheckAsync(inner.FlushAsync(cancellationToken));

    public override async ValueTask<FlushResult> WriteAsync(ReadOnlyMemory<byte> source, CancellationToken cancellationToken = default) =>
        await CheckAsync(inner.WriteAsync(source, cancellationToken));

    public override Memory<byte> GetMemory(int sizeHint = 0) => inner.GetMemory(sizeHint);

    public override Span<byte> GetSpan(int sizeHint = 0) => inner.GetSpan(sizeHint);

    public override void Advance(int bytes) => inner.Advance(bytes);

    public override void CancelPendingFlush() => inner.CancelPendingFlush();

    public override void Complete(Exception? exception = null) => throw new NotSupportedException("Use CompleteAsync.");

    public override async ValueTask CompleteAsync(Exception? exception = null)
    {
        try
        {
            await tunnel.EndOutputAsync();
        }
        catch (Exception failure)
        {
            throw tunnel.Explain(failure);
        }
    }

    private async ValueTask<FlushResult> CheckAsync(ValueTask<FlushResult> flush)
    {
        try
        {
            var result = await flush;
            tunnel.ThrowIfGone(); // a write to a stream that is gone would succeed silently
            return result;
        }
        catch (Exception exception) when (exception is not OperationCanceledException || tunnel.IsGone)
        {
            throw tunnel.Explain(exception);
        }
    }
}
