namespace Proxy.Multiplexing.Framing.Http;

/// <summary>
/// HTTP/1.0 and HTTP/1.1 (RFC 9112), read strictly. Messages are passed on unchanged, so those which two readers could take for different
/// lengths are refused. CONNECT and Upgrade are refused, since another protocol would follow.
/// </summary>
internal sealed class Http1Framer : IMessageFramer
{
    public string Name => "http1";

    public string Description => "HTTP/1.1, one request at a time; prefer an HTTP route where it is possible.";

    public bool RepliesInOrder => true;

    public int MaxBytes => 4 * 1024 * 1024;

    public IProtocolRules Rules { get; } = new HttpRules();

    public FrameMeasure Measure(in MeasureContext context) =>
        context.Direction == MessageDirection.Request ? MeasureRequest(context) : MeasureReply(context);

    private FrameMeasure MeasureRequest(in MeasureContext context)
    {
        var head = HttpHead.Read(context.Buffer, MessageDirection.Request);
        if (head.Error is not null)
        {
            return FrameMeasure.Malformed(head.Error);
        }

        if (head.Length == 0)
        {
            return FrameMeasure.NeedMore(context.Buffer.Length + 1L, MaxBytes);
        }

        if (head.IsConnect || head.HasUpgrade)
        {
            return FrameMeasure.Malformed("CONNECT and Upgrade are not for connections that are shared.");
        }

        var traits = (head.IsSafe ? MessageTraits.Safe : 0) | (head.EndsConnection ? MessageTraits.EndsConnection : 0);
        var measure = MeasureBody(context, head, 0, traits);
        var waits = head.ExpectsContinue && measure.Status == FrameStatus.NeedMore && context.Buffer.Length == head.Length;
        return waits ? measure with { Traits = MessageTraits.AwaitsContinue } : measure;
    }

    // Interim replies (1xx) count as part of the final one, so that each request has one message in reply.
    private FrameMeasure MeasureReply(in MeasureContext context)
    {
        var start = 0;
        var head = HttpHead.Read(context.Buffer, MessageDirection.Reply);
        while (head is { Error: null, Length: > 0, IsInterim: true } && start <= HttpHead.MaxBytes)
        {
            start += head.Length;
            head = HttpHead.Read(context.Buffer[start..], MessageDirection.Reply);
        }

        if (head.Error is not null || start > HttpHead.MaxBytes)
        {
            return FrameMeasure.Malformed(head.Error ?? "There are too many interim replies.");
        }

        if (head.Length == 0)
        {
            return FrameMeasure.NeedMore(context.Buffer.Length + 1L, MaxBytes);
        }

        if (head.Status == HttpHead.SwitchingProtocols)
        {
            return FrameMeasure.Malformed("Protocols are not switched on connections that are shared.");
        }

        var request = HttpHead.Read(context.Request, MessageDirection.Request);
        var ends = head.EndsConnection || request.EndsConnection;
        var traits = ends ? MessageTraits.EndsConnection : MessageTraits.None;
        return request.IsHead || head.HasNoBody ? FrameMeasure.Complete(start + head.Length, traits)
            : head.IsChunked || head.ContentLength is not null ? MeasureBody(context, head, start, traits)
            : MeasureUntilEnd(context);
    }

    private FrameMeasure MeasureBody(in MeasureContext context, in HttpHead head, int start, MessageTraits traits)
    {
        var body = start + head.Length;
        if (head.IsChunked)
        {
            return ChunkedBody.Measure(context, body, MaxBytes, traits);
        }

        var length = body + (head.ContentLength ?? 0);
        return length > context.Buffer.Length || length > MaxBytes
            ? FrameMeasure.NeedMore(length, MaxBytes)
            : FrameMeasure.Complete((int)length, traits);
    }

    private FrameMeasure MeasureUntilEnd(in MeasureContext context) =>
        context.Input == InputState.Ended && context.Buffer.Length <= MaxBytes
            ? FrameMeasure.Complete(context.Buffer.Length, MessageTraits.EndsConnection)
            : FrameMeasure.NeedMore(context.Buffer.Length + 1L, MaxBytes);
}
