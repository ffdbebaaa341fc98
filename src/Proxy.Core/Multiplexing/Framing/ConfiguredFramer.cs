namespace Proxy.Multiplexing.Framing;

/// <summary>Adds what the configuration declares, a correlation id or requests without reply, to another framer.</summary>
internal sealed class ConfiguredFramer(
    IMessageFramer inner,
    CorrelationField? correlation,
    MessagePattern[] noReply,
    bool repeatsNoId = false
) : IMessageFramer
{
    public string Name => inner.Name;

    public string Description => inner.Description;

    public int MaxBytes => inner.MaxBytes;

    public int MaxNoise => inner.MaxNoise;

    public CorrelationField? Correlation => repeatsNoId ? null : correlation ?? inner.Correlation;

    public CorrelationField? ClientId => correlation ?? inner.Correlation;

    public bool RepliesInOrder => inner.RepliesInOrder;

    public bool AllowsHalfClose => inner.AllowsHalfClose;

    public IProtocolRules Rules => inner.Rules;

    public FrameMeasure Measure(in MeasureContext context)
    {
        var measure = inner.Measure(context);
        if (measure.Status is not (FrameStatus.Complete or FrameStatus.Part) || !context.Rest.IsStart)
        {
            return measure;
        }

        if (correlation is { } field && measure.Length < field.End)
        {
            return FrameMeasure.Malformed("The message is too short to have a correlation id.");
        }

        return noReply.Length == 0 || context.Direction != MessageDirection.Request
            ? measure
            : measure with
            {
                Traits = Expect(measure.Traits, Matches(context.Buffer[..measure.Length])),
            };
    }

    private bool Matches(ReadOnlySpan<byte> request)
    {
        foreach (var pattern in noReply)
        {
            if (pattern.Matches(request))
            {
                return true;
            }
        }

        return false;
    }

    private static MessageTraits Expect(MessageTraits traits, bool noReply) =>
        noReply ? traits | MessageTraits.NoReply : traits & ~MessageTraits.NoReply;
}
