namespace Proxy.Multiplexing;

/// <summary>
/// Tracks the writes to the units behind one destination, since replies that were read before a write must not be shared after it. Guarded by
/// the session's lock.
/// </summary>
internal sealed class UnitStates
{
    private readonly Dictionary<ushort, Unit> _units = [];
    private readonly Unit _all = new(); // writes to all units, or in a protocol without units

    /// <summary>Records that a request was sent.</summary>
    public void Sent(MultiplexRequest request)
    {
        if (request.Facts.Unit is { } id && !_units.ContainsKey(id))
        {
            _units.Add(id, new());
        }

        if (request.IsWrite)
        {
            var written = Written(request);
            written.Writes++;
            written.WritesInFlight++;
        }

        request.Generation = Generation(request);
    }

    /// <summary>Records that a sent request has ended, in whatever way.</summary>
    public void Ended(MultiplexRequest request)
    {
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
        public long Writes { get; set; }

        public int WritesInFlight { get; set; }
    }
}
