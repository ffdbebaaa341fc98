using System.Diagnostics.Tracing;

namespace Proxy.Host.Http;

/// <summary>
/// Counts the bytes of the bodies that YARP has copied for a request, from YARP's own telemetry: an event source, whose events are raised where the
/// request runs, about once a second while it copies and at the end. YARP has no meter.
/// </summary>
internal sealed class ForwardedBytes : EventListener
{
    private const string Source = "Yarp.ReverseProxy";
    private const string Copied = "ContentTransferred"; // isRequest, contentLength, …
    private const string Copying = "ContentTransferring"; // the same, so far

    private static readonly AsyncLocal<Counts?> _request = new();

    /// <summary>Whether the runtime has event sources; they can be switched off.</summary>
    public static bool IsSupported { get; } =
        !AppContext.TryGetSwitch("System.Diagnostics.Tracing.EventSource.IsSupported", out var isSupported) || isSupported;

    /// <summary>Counts for the request that begins here, in what it calls from now on.</summary>
    /// <param name="transferred">Called with the bytes from and to the client since the last call; by two threads at the same time, perhaps.</param>
    public Counts Begin(Action<long, long> transferred) => _request.Value = new Counts(this, transferred);

    protected override void OnEventSourceCreated(EventSource eventSource)
    {
        if (eventSource.Name == Source)
        {
            EnableEvents(eventSource, EventLevel.Informational);
        }
    }

    protected override void OnEventWritten(EventWrittenEventArgs eventData)
    {
        if (eventData is { EventName: Copied or Copying, Payload: [bool isRequest, long bytes, ..] })
        {
            // The source is the process's: each of several hosts in it hears of every request.
            if (_request.Value is { } counts && counts.Listener == this)
            {
                counts.Copied(isRequest, bytes, isWhole: eventData.EventName == Copied);
            }
        }
    }

    /// <summary>The bytes of one request's bodies. Both directions may be copied at the same time.</summary>
    /// <param name="listener">What counts; others in the process hear the same events.</param>
    /// <param name="transferred">Called with the bytes from and to the client since the last call.</param>
    internal sealed class Counts(ForwardedBytes listener, Action<long, long> transferred)
    {
        private readonly Direction _received = new();
        private readonly Direction _sent = new();

        public ForwardedBytes Listener => listener;

        /// <summary>Bytes from the client.</summary>
        public long Received => _received.Total;

        /// <summary>Bytes to the client.</summary>
        public long Sent => _sent.Total;

        /// <summary>Records how much of a body was copied.</summary>
        /// <param name="isRequest">Whether it comes from the client.</param>
        /// <param name="bytes">Its bytes so far.</param>
        /// <param name="isWhole">Whether the copy has ended.</param>
        public void Copied(bool isRequest, long bytes, bool isWhole)
        {
            var more = (isRequest ? _received : _sent).Copied(bytes, isWhole);
            transferred(isRequest ? more : 0, isRequest ? 0 : more);
        }

        /// <summary>One direction, in which one body is copied after the other.</summary>
        private sealed class Direction
        {
            private long _total;
            private long _current; // of the body that is being copied

            public long Total => Interlocked.Read(ref _total);

            /// <returns>The bytes since the last call.</returns>
            public long Copied(long bytes, bool isWhole)
            {
                var more = bytes - _current;
                _current = isWhole ? 0 : bytes;
                Interlocked.Add(ref _total, more);
                return more;
            }
        }
    }
}
