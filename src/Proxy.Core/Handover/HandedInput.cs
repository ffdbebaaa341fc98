using System.IO.Pipelines;

namespace Proxy.Handover;

/// <summary>The bytes of the client as Kestrel reads them. It notices whether Kestrel waits for some, or works on a request.</summary>
/// <param name="inner">The bytes.</param>
/// <param name="taken">Called when Kestrel has looked at bytes.</param>
internal sealed class HandedInput(PipeReader inner, Action taken) : PipeReader
{
    private volatile bool _isReading = true; // until Kestrel has begun

    /// <summary>Whether Kestrel waits for bytes, or has not begun to read.</summary>
    public bool IsReading => _isReading;

    public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
    {
        _isReading = true;
        return inner.ReadAsync(cancellationToken);
    }

    public override bool TryRead(out ReadResult result) => inner.TryRead(out result);

    public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
    {
        inner.AdvanceTo(consumed, examined);
        _isReading = false;
        taken();
    }

    public override void CancelPendingRead() => inner.CancelPendingRead();

    public override void Complete(Exception? exception = null) => inner.Complete(exception);
}
