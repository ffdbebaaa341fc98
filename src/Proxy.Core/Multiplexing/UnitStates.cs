using Proxy.Timing;

namespace Proxy.Multiplexing;

/// <summary>
/// What is known of the units behind one destination. One that did not answer is suspended: its requests fail at once, so that they do not hold up the
/// others, until one of them is let through after a pause and is answered. Guarded by the session.
/// </summary>
internal sealed class UnitStates(TimeProvider time)
{
    private readonly Dictionary<ushort, Unit> _units = [];
    private readonly Unit _all = new(); // what was written to all units, or where there are none

    /// <summary>The suspended ones.</summary>
    public IReadOnlyList<int> Suspended =>
        [.. _units.Where(static unit => unit.Value.HasFailed).Select(static unit => (int)unit.Key).Order()];

    /// <summary>Whether a request is to fail at once.</summary>
    public bool IsSuspended(MultiplexRequest request) =>
        Find(request) is { HasFailed: true } unit && (unit.IsProbed || unit.Backoff!.Remaining > TimeSpan.Zero);

    /// <summary>Notes that a request is sent.</summary>
    public void Sent(MultiplexRequest request)
    {
        if (request.Facts.Unit is { } id && !_units.ContainsKey(id))
        {
            _units.Add(id, new());
        }

        if (Find(request) is { HasFailed: true } unit)
        {
            unit.IsProbed = request.IsProbe = true;
        }

        if (request.IsWrite)
        {
            var written = Written(request);
            written.Writes++;
            written.WritesInFlight++;
        }

        request.Generation = Generation(request);
    }

    public void Answered(MultiplexRequest request) => Find(request)?.Backoff?.Reset();

    public void TimedOut(MultiplexRequest request, UpstreamSettings settings)
    {
        if (Find(request) is { } unit)
        {
            var (first, longest) = (settings.Multiplex.RetryDelay, settings.Multiplex.MaxRetryDelay);
            unit.Backoff ??= new(time, first, longest);
            (unit.Backoff.First, unit.Backoff.Longest) = (first, longest);
            unit.Backoff.Fail();
        }
    }

    /// <summary>Notes that a request that was sent is done, however.</summary>
    public void Ended(MultiplexRequest request)
    {
        if (Find(request) is { } unit)
        {
            unit.IsProbed &= !request.IsProbe;
            request.IsProbe = false;
        }

        if (request.IsWrite)
        {
            var written = Written(request);
            written.Writes++;
            written.WritesInFlight--;
        }
    }

    /// <summary>A number that is another after each write to a request's unit began or ended.</summary>
    public long Generation(MultiplexRequest request) => (Find(request)?.Writes ?? 0) + _all.Writes;

    /// <summary>Whether a write to a request's unit is in flight.</summary>
    public bool IsBeingWritten(MultiplexRequest request) => Find(request) is { WritesInFlight: > 0 } || _all.WritesInFlight > 0;

    private Unit Written(MultiplexRequest request) => (request.Facts.ConcernsAllUnits ? null : Find(request)) ?? _all;

    private Unit? Find(MultiplexRequest request) => request.Facts.Unit is { } unit ? _units.GetValueOrDefault(unit) : null;

    private sealed class Unit
    {
        public Backoff? Backoff { get; set; } // from its first failure

        public bool HasFailed => Backoff is { HasFailed: true };

        public bool IsProbed { get; set; }

        public long Writes { get; set; }

        public int WritesInFlight { get; set; }
    }
}
