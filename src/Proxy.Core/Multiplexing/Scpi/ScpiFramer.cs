using Proxy.Multiplexing.Framing;

namespace Proxy.Multiplexing.Scpi;

/// <summary>
/// SCPI-99 in the messages of IEEE 488.2: a line of commands and queries, and one line for the answers of all its queries. A message without a
/// query gets no reply.
/// </summary>
internal sealed class ScpiFramer : IMessageFramer
{
    public string Name => "scpi";

    public string Description => "SCPI (IEEE 488.2) of instruments: lines, only queries are answered, blocks of data are measured.";

    public int MaxBytes => 64 * 1024 * 1024;

    public FrameMeasure Measure(in MeasureContext context)
    {
        var isRequest = context.Direction == MessageDirection.Request;
        var scanner = new ScpiScanner(context.Buffer, isRequest, context.Examined);
        var status = scanner.Scan();
        if (status == FrameStatus.Malformed)
        {
            return FrameMeasure.Malformed(scanner.Error);
        }

        if (status == FrameStatus.NeedMore || scanner.Position > MaxBytes)
        {
            return FrameMeasure.NeedMore(Math.Max(scanner.Needed, scanner.Position), MaxBytes, scanner.Resume);
        }

        return FrameMeasure.Complete(
            scanner.Position,
            isRequest && !HasQuery(context.Buffer[..scanner.Position]) ? MessageTraits.NoReply : MessageTraits.None
        );
    }

    // The whole message is scanned again, since a message in several pieces is not scanned from its start each time.
    private static bool HasQuery(ReadOnlySpan<byte> message)
    {
        var scanner = new ScpiScanner(message, isRequest: true, examined: 0);
        scanner.Scan();
        return scanner.HasQuery;
    }
}
