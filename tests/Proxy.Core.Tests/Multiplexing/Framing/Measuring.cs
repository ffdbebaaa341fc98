using Proxy.Multiplexing.Framing;

namespace Proxy.Core.Tests.Multiplexing.Framing;

/// <summary>Measures as a session does, and checks what every framer owes.</summary>
internal static class Measuring
{
    public static FrameMeasure Request(this IMessageFramer framer, byte[] buffer, InputState input = InputState.Open) =>
        framer.Measure(MeasureContext.ForRequest(buffer) with { Input = input });

    public static FrameMeasure Reply(this IMessageFramer framer, byte[] buffer, byte[] request, InputState input = InputState.Open) =>
        framer.Measure(MeasureContext.ForReply(buffer, request) with { Input = input });

    /// <summary>A request that is found whole, at every split, and before anything else.</summary>
    public static void IsRequest(this IMessageFramer framer, byte[] message, MessageTraits traits = MessageTraits.None) =>
        Is(framer, message, null, traits);

    /// <summary>The same of a reply.</summary>
    public static void IsReply(this IMessageFramer framer, byte[] message, byte[] request, MessageTraits traits = MessageTraits.None) =>
        Is(framer, message, request, traits);

    /// <summary>Fed byte by byte, it is malformed from some byte on, and never whole.</summary>
    public static void IsMalformed(this IMessageFramer framer, byte[] buffer, byte[]? request = null)
    {
        var verdicts = Fed(framer, buffer, request);

        Assert.Equal(FrameStatus.Malformed, verdicts[^1].Status);
        var first = verdicts.FindIndex(static verdict => verdict.Status is not (FrameStatus.NeedMore or FrameStatus.Part));
        Assert.All(verdicts.Skip(first), verdict => Assert.Equal(verdicts[^1].Reason, verdict.Reason));
    }

    /// <summary>A reply that is skipped or waited for, and malformed once no byte comes any more.</summary>
    public static void IsMalformedInSilence(this IMessageFramer framer, byte[] reply, byte[] request)
    {
        var open = framer.Reply(reply, request);
        Assert.Equal(FrameStatus.NeedMore, open.Status);
        Assert.True(open.Silence > TimeSpan.Zero);
        Assert.Equal(FrameStatus.Malformed, framer.Reply(reply, request, InputState.Silent).Status);
    }

    /// <summary>A reply that is found behind other bytes, at every split of both.</summary>
    public static void IsFoundBehind(this IMessageFramer framer, byte[] noise, byte[] reply, byte[] request)
    {
        var verdicts = Fed(framer, [.. noise, .. reply], request);
        Assert.Equal(FrameMeasure.Skip(noise.Length), verdicts[^1]);
        Assert.All(verdicts.SkipLast(1), static verdict => Assert.Equal(FrameStatus.NeedMore, verdict.Status));
        Assert.Equal(FrameMeasure.Skip(noise.Length), framer.Reply([.. noise, .. reply, 0, 0, 0], request));
    }

    /// <summary>What is said of each start of a buffer, from nothing to all, as if it came byte by byte.</summary>
    public static List<FrameMeasure> Fed(IMessageFramer framer, byte[] buffer, byte[]? request, InputState input = InputState.Open)
    {
        var verdicts = new List<FrameMeasure>();
        var examined = 0;
        for (var length = 0; length <= buffer.Length; length++)
        {
            var fresh = framer.Measure(Context(buffer.AsSpan(0, length), request) with { Input = input });
            var verdict = framer.Measure(Context(buffer.AsSpan(0, length), request) with { Input = input, Examined = examined });
            Assert.Equal(fresh, verdict);
            Check(framer, length, verdict);
            examined = verdict.Status == FrameStatus.NeedMore ? verdict.Examined : 0;
            verdicts.Add(verdict);
        }

        return verdicts;
    }

    /// <summary>The promises of <see cref="FrameMeasure"/>.</summary>
    public static void Check(IMessageFramer framer, int bufferLength, FrameMeasure measure)
    {
        var (from, to) = measure.Status switch
        {
            FrameStatus.Complete => (1, Math.Min(bufferLength, framer.MaxBytes)),
            FrameStatus.NeedMore => (bufferLength + 1, framer.MaxBytes + framer.MaxNoise),
            FrameStatus.Skip => (1, Math.Min(bufferLength, framer.MaxNoise)),
            FrameStatus.Part => (1, Math.Min(bufferLength, framer.MaxBytes)),
            _ => (0, 0),
        };
        Assert.InRange(measure.Length, from, to);
        Assert.Equal(measure.Status == FrameStatus.Malformed, measure.Reason is { Length: > 0 });
        Assert.InRange(measure.Examined, 0, bufferLength);
        Assert.Equal(measure.Status != FrameStatus.Part, measure.Rest.IsStart);
    }

    public static MeasureContext Context(ReadOnlySpan<byte> buffer, byte[]? request) =>
        request is null ? MeasureContext.ForRequest(buffer) : MeasureContext.ForReply(buffer, request);

    private static void Is(IMessageFramer framer, byte[] message, byte[]? request, MessageTraits traits)
    {
        var whole = FrameMeasure.Complete(message.Length, traits);
        var verdicts = Fed(framer, message, request);

        Assert.Equal(whole, verdicts[^1]);
        Assert.All(verdicts.SkipLast(1), verdict => Assert.Equal(FrameStatus.NeedMore, verdict.Status));
        Assert.All(verdicts, verdict => Assert.InRange(verdict.Length, 1, message.Length));
        Assert.All(
            (byte[][])[message, [0], [0xFF], Bytes.Text("\r\n"), Bytes.Text("HTTP/1.1 200 OK\r\n")],
            suffix => Assert.Equal(whole, framer.Measure(Context((byte[])[.. message, .. suffix], request)))
        );
    }
}
