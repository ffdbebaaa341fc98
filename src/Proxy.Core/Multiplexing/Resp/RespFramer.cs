using Proxy.Multiplexing.Framing;

namespace Proxy.Multiplexing.Resp;

/// <summary>
/// RESP2 and RESP3, the protocol of Redis, Valkey and others. Read strictly: what would make a server close its connection is refused, since all
/// clients share that connection.
/// </summary>
internal sealed class RespFramer : IMessageFramer
{
    public string Name => "resp";

    public string Description => "Redis (RESP2, RESP3); subscriptions, blocking commands, transactions and logins are refused.";

    public bool RepliesInOrder => true;

    public int MaxBytes => 64 * 1024 * 1024;

    public IProtocolRules Rules { get; } = new RespRules();

    public FrameMeasure Measure(in MeasureContext context) =>
        context.Direction == MessageDirection.Request
            ? RespRequest.Measure(context, MaxBytes)
            : RespReply.Measure(context.Buffer, MaxBytes);
}
