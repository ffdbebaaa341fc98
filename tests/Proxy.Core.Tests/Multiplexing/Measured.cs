using System.Diagnostics.Metrics;

namespace Proxy.Core.Tests.Multiplexing;

/// <summary>Counts what the program measures with one of its instruments.</summary>
internal sealed class Measured : IDisposable
{
    private readonly MeterListener _listener = new();
    private readonly string? _tag;
    private int _count;

    /// <param name="meters">Of the program under test.</param>
    /// <param name="name">The instrument.</param>
    /// <param name="tag">Only what has a tag of this value; null for all.</param>
    public Measured(IMeterFactory meters, string name, string? tag = null)
    {
        _tag = tag;
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Name == name && instrument.Meter.Scope == meters)
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _listener.SetMeasurementEventCallback<double>((_, _, tags, _) => Add(tags));
        _listener.SetMeasurementEventCallback<long>((_, _, tags, _) => Add(tags));
        _listener.Start();
    }

    public int Count => Volatile.Read(ref _count);

    public void Dispose() => _listener.Dispose();

    private void Add(ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var counts = _tag is null;
        foreach (var tag in tags)
        {
            counts |= _tag is not null && _tag.Equals(tag.Value);
        }

        if (counts)
        {
            Interlocked.Increment(ref _count);
        }
    }
}
