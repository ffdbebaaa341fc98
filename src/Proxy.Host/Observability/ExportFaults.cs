using System.Collections.Concurrent;
using System.Diagnostics.Tracing;
using System.Globalization;

namespace Proxy.Host.Observability;

/// <summary>Says in the log that telemetry is not taken: the SDK tells it to an event source only. The first time, and then once a minute.</summary>
internal sealed partial class ExportFaults(TimeProvider time, ILogger<ExportFaults> logger) : EventListener
{
    private const string Sources = "OpenTelemetry";
    private const string NotAskedFor = "MetricInstrumentIgnored"; // of meters that were not added: no fault
    private const int LongestText = 300;
    private static readonly TimeSpan _pause = TimeSpan.FromMinutes(1);

    // The base class goes through the sources while it is made, and so may other threads: nothing is wanted before Listen.
    private readonly ConcurrentDictionary<string, long> _said = new(StringComparer.Ordinal);
    private volatile bool _listens;

    /// <summary>Begins.</summary>
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
        if (_listens && eventSource.Name.StartsWith(Sources, StringComparison.Ordinal))
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

    // What a receiver answered may be in it: one line, and not more than that.
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
