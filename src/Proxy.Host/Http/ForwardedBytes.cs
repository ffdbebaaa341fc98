using System.Diagnostics.Tracing;

namespace Proxy.Host.Http;

/// <summary>
/// Counts the bytes of the bodies that YARP has copied for a request, from YARP's own telemetry: an event source, whose events are raised where the
/// request runs. YARP has no meter.
/// </summary>
internal sealed class ForwardedBytes : EventListener
{
    private const string Source = "Yarp.ReverseProxy";
    private const string Copied = "ContentTransferred"; // isRequest, contentLength, …

    private static readonly AsyncLocal<Counts?> _request = new();

    /// <summary>Whether the runtime has event sources; they can be switched off.</summary>
    public static bool IsSupported { get; } =
        !AppContext.TryGetSwitch("System.Diagnostics.Tracing.EventSource.IsSupported", out var isSupported) || isSupported;

    /// <summary>Counts for the request that begins here, in what it calls from now on.</summary>
    public Counts Begin() => _request.Value = new Counts(this);

    protected override void OnEventSourceCreated(EventSource eventSource)
    {
        if (eventSource.Name == Source)
        {
            EnableEvents(eventSource, EventLevel.Informational);
        }
    }

    protected override void OnEventWritten(EventWrittenEventArgs eventData)
    {
        if (eventData is { EventName: Copied, Payload: [bool isRequest, long bytes, ..] })
        {
            // The source is the process's: each of several hosts in it hears of every request.
            if (_request.Value is { } counts && counts.Listener == this)
            {
                counts.Add(isRequest, bytes);
            }
        }
    }

    /// <summary>The bytes of one request's bodies. Both directions may be added at the same time.</summary>
    /// <param name="listener">What counts; others in the process hear the same events.</param>
    internal sealed class Counts(ForwardedBytes listener)
    {
        private long _received;
        private long _sent;

        public ForwardedBytes Listener => listener;

        /// <summary>Bytes from the client.</summary>
        public long Received => Interlocked.Read(ref _received);

        /// <summary>Bytes to the client.</summary>
        public long Sent => Interlocked.Read(ref _sent);

        public void Add(bool isRequest, long bytes) => Interlocked.Add(ref isRequest ? ref _received : ref _sent, bytes);
    }
}
