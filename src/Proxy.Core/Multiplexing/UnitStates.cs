using Proxy.Timing;

namespace Proxy.Multiplexing;

/// <summary>
/// Tracks the units behind one destination. A unit that did not answer is suspended: its requests fail immediately and so do not delay
/// others, until a test request, sent after a pause, is answered. Guarded by the session's lock.
/// </summary>
internal sealed class UnitStates(TimeProvider time)
{
    private readonly Dictionary<ushort, Unit> _units = [];
    private readonly Unit _all = new(); // writes to all units, or in a protocol without units

    /// <summary>The suspended units.</summary>
    public IReadOnlyList<int> Suspended =>
        [.. _units.Where(static unit => unit.Value.HasFailed).Select(static unit => (int)unit.Key).Order()];

    /// <summary>Whether a request has to fail immediately, since its unit is suspended.</summary>
    public bool IsSuspended(MultiplexRequest request) =>
        Find(request) is { HasFailed: true } unit && (unit.IsProbed || unit.Backoff!.Remaining > TimeSpan.Zero);

    /// <summary>Records that a request was sent.</summary>
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

    /// <summary>Records that a sent request has ended, in whatever way.</summary>
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

    /// <summary>A number that changes whenever a write to the request's unit begins or ends.</summary>
    public long Generation(MultiplexRequest request) => (Find(request)?.Writes ?? 0) + _all.Writes;

    /// <summary>Whether a write to the request's unit is in flight.</summary>
    public bool IsBeingWritten(MultiplexRequest request) => Find(request) is { WritesInFlight: > 0 } || _all.WritesInFlight > 0;

    private Unit Written(MultiplexRequest request) => (request.Facts.ConcernsAllUnits ? null : Find(request)) ?? _all;

    private Unit? Find(MultiplexRequest request) => request.Facts.Unit is { } unit ? _units.GetValueOrDefault(unit) : null;

    private sealed class Unit
    {
        public Backoff? Backoff { get; set; } // null before its first failure

        public bool HasFailed => Backoff is { HasFailed: true };

        public bool IsProbed { get; set; }

        public long Writes { get; set; }

        public int WritesInFlight { get; set; }
    }
}
