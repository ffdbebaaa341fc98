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

    public int MaxBytes => 64 * 1024;

    public IProtocolRules Rules { get; } = new HttpRules();

    public FrameMeasure Measure(in MeasureContext context) =>
        !context.Rest.IsStart ? MeasureRest(context)
        : context.Direction == MessageDirection.Request ? MeasureRequest(context)
        : MeasureReply(context);

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
        var measure = MeasureBody(context, HttpBody.StartOfRequest(head), head.Length, traits);
        var waits = head.ExpectsContinue && context.Buffer.Length == head.Length;
        return waits && measure.Status == FrameStatus.NeedMore ? measure with { Traits = MessageTraits.AwaitsContinue }
            : waits && measure.Status == FrameStatus.Part ? measure with { Traits = traits | MessageTraits.AwaitsContinue }
            : measure;
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
        start += head.Length;
        return request.IsHead || head.HasNoBody
            ? FrameMeasure.Complete(start, traits)
            : MeasureBody(context, HttpBody.Start(head), start, traits);
    }

    // A message is whole, or too long to be kept until it is: then its head and what there is of its body are the first part.
    private FrameMeasure MeasureBody(in MeasureContext context, FrameRest rest, int start, MessageTraits traits)
    {
        var buffer = context.Buffer[..Math.Min(context.Buffer.Length, MaxBytes)];
        var body = new HttpBody(rest);
        body.Read(buffer, Math.Clamp(rest.State == HttpBody.Chunks ? context.Examined : 0, start, buffer.Length), Input(context));
        return body.Error is { } error ? FrameMeasure.Malformed(error)
            : body.IsComplete ? FrameMeasure.Complete(body.Position, traits | (body.EndsConnection ? MessageTraits.EndsConnection : 0))
            : body.Least > MaxBytes || context.InParts ? FrameMeasure.Part(body.Position, body.Rest, traits)
            : FrameMeasure.NeedMore(body.Least, MaxBytes, body.LastSize > start ? body.LastSize : 0);
    }

    private FrameMeasure MeasureRest(in MeasureContext context)
    {
        var buffer = context.Buffer[..Math.Min(context.Buffer.Length, MaxBytes)];
        var body = new HttpBody(context.Rest);
        body.Read(buffer, 0, Input(context));
        return body.Error is { } error ? FrameMeasure.Malformed(error)
            : body.IsComplete
                ? FrameMeasure.Complete(body.Position, body.EndsConnection ? MessageTraits.EndsConnection : MessageTraits.None)
            : body.Position > 0 ? FrameMeasure.Part(body.Position, body.Rest)
            : FrameMeasure.NeedMore(buffer.Length + 1L, MaxBytes);
    }

    // The end of the input ends a body only if the buffer is read to its end.
    private InputState Input(in MeasureContext context) => context.Buffer.Length > MaxBytes ? InputState.Open : context.Input;
}
