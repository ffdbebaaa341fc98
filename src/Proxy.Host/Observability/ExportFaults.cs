using System.Collections.Concurrent;
using System.Diagnostics.Tracing;
using System.Globalization;

namespace Proxy.Host.Observability;

/// <summary>
/// Logs failed exports and scrapes, which OpenTelemetry reports only to its event sources. Each kind of event is logged at most once a
/// minute.
/// </summary>
internal sealed partial class ExportFaults(TimeProvider time, ILogger<ExportFaults> logger) : EventListener
{
    private const string Sources = "OpenTelemetry";
    private const string Hosting = "OpenTelemetry-Extensions-Hosting"; // reports signals without an exporter, which is normal
    private const string InstrumentIgnored = "MetricInstrumentIgnored"; // reports instruments of meters that are not added, which is normal
    private const int MaxTextLength = 300;
    private static readonly TimeSpan _interval = TimeSpan.FromMinutes(1);

    // The constructor of the base class calls OnEventSourceCreated before these fields are set, so no source is enabled before Listen.
    private readonly ConcurrentDictionary<string, long> _loggedAt = new(StringComparer.Ordinal);
    private volatile bool _listens;

    /// <summary>Begins to listen to the event sources that exist, and to those that are created later.</summary>
    public void Listen()
    {
        _listens = true;
        foreach (var source in EventSource.GetSources())
        {
            OnEventSourceCreated(source);
        }
    }

    protected override void OnEventSourceCreated(EventSource eventSource)
    {
        if (_listens && eventSource.Name.StartsWith(Sources, StringComparison.Ordinal) && eventSource.Name != Hosting)
        {
            EnableEvents(eventSource, EventLevel.Warning);
        }
    }

    protected override void OnEventWritten(EventWrittenEventArgs eventData)
    {
        var name = eventData.EventName ?? "";
        if (name == InstrumentIgnored)
        {
            return;
        }

        var now = time.GetTimestamp();
        if (!_loggedAt.TryGetValue(name, out var before))
        {
            _loggedAt[name] = now;
        }
        else if (time.GetElapsedTime(before, now) < _interval || !_loggedAt.TryUpdate(name, now, before))
        {
            return;
        }

        Log.Failed(logger, name, Describe(eventData));
    }

    // The text may contain the answer of a receiver, so it is reduced to its first line, to printable characters and to a maximum length.
    private static string Describe(EventWrittenEventArgs eventData)
    {
        var text = string.Format(CultureInfo.InvariantCulture, eventData.Message ?? "", [.. eventData.Payload ?? []]);
        var line = new string([
            .. text.TakeWhile(static c => c is not ('\r' or '\n')).Where(static c => !char.IsControl(c)).Take(MaxTextLength),
        ]);
        return line.TrimEnd();
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "Telemetry: {Event}: {Text}")]
        public static partial void Failed(ILogger logger, string @event, string text);
    }
}
