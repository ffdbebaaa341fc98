using Proxy.Multiplexing.Framing;

namespace Proxy.Multiplexing.Memcached;

/// <summary>
/// The text protocol of memcached with its meta commands. Read strictly: what a server would read differently, or would close its connection for,
/// is refused, since all clients share that connection.
/// </summary>
internal sealed class MemcachedFramer : IMessageFramer
{
    public string Name => "memcached";

    public string Description => "Text protocol of memcached with meta commands; watch, dumps and quiet meta commands are refused.";

    public bool RepliesInOrder => true;

    public int MaxBytes => 64 * 1024 * 1024;

    public IProtocolRules Rules { get; } = new MemcachedRules();

    public FrameMeasure Measure(in MeasureContext context) =>
        context.Direction == MessageDirection.Request
            ? MemcachedRequest.Measure(context, MaxBytes)
            : MemcachedReply.Measure(context, MaxBytes);
}
