using System.Collections.Concurrent;
using System.Diagnostics.Tracing;
using System.Globalization;

namespace Proxy.Host.Observability;

/// <summary>
/// Writes to the log what OpenTelemetry reports to its event sources only: exports and scrapes that fail. Each kind of event is logged at most once a
/// minute.
/// </summary>
internal sealed partial class ExportFaults(TimeProvider time, ILogger<ExportFaults> logger) : EventListener
{
    private const string Sources = "OpenTelemetry";
    private const string Hosting = "OpenTelemetry-Extensions-Hosting"; // says which signals are not exported, which is no fault
    private const string NotAskedFor = "MetricInstrumentIgnored"; // an instrument of a meter that was not added, which is no fault
    private const int LongestText = 300;
    private static readonly TimeSpan _pause = TimeSpan.FromMinutes(1);

    // The base class calls OnEventSourceCreated in its constructor, before these fields are set: nothing is enabled before Listen.
    private readonly ConcurrentDictionary<string, long> _said = new(StringComparer.Ordinal);
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
        if (name == NotAskedFor)
        {
            return;
        }

        var now = time.GetTimestamp();
        if (!_said.TryGetValue(name, out var before))
        {
            _said[name] = now;
        }
        else if (time.GetElapsedTime(before, now) < _pause || !_said.TryUpdate(name, now, before))
        {
            return;
        }

        Log.Failed(logger, name, Describe(eventData));
    }

    // The text may hold the answer of a receiver, so it is cut to one line of limited length without control characters.
    private static string Describe(EventWrittenEventArgs eventData)
    {
        var text = string.Format(CultureInfo.InvariantCulture, eventData.Message ?? "", [.. eventData.Payload ?? []]);
        var line = new string([
            .. text.TakeWhile(static c => c is not ('\r' or '\n')).Where(static c => !char.IsControl(c)).Take(LongestText),
        ]);
        return line.TrimEnd();
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "Telemetry: {Event}: {Text}")]
        public static partial void Failed(ILogger logger, string @event, string text);
    }
}
