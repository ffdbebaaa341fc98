namespace Proxy.Multiplexing;

/// <summary>
/// What is known of the units behind one destination. One that did not answer is suspended: its requests fail at once, so that they do not hold up the
/// others, until one of them is let through after a pause and is answered. Guarded by the session.
/// </summary>
internal sealed class ModbusUnits
{
    private const int Broadcast = 0;
    private readonly Unit?[] _units = new Unit?[256];

    /// <summary>Whether a request is to fail at once.</summary>
    public bool IsSuspended(MultiplexRequest request, long now) =>
        Find(request) is { BackOff.HasFailed: true } unit && (unit.IsProbed || unit.BackOff.IsPausing(now));

    /// <summary>Notes that a request is sent.</summary>
    public void Sent(MultiplexRequest request)
    {
        if (request.Unit == MultiplexRequest.NoUnit)
        {
            return;
        }

        var unit = _units[request.Unit] ??= new();
        if (unit.BackOff.HasFailed)
        {
            unit.IsProbed = request.IsProbe = true;
        }

        if (request.IsWrite)
        {
            unit.Writes++;
            unit.WritesInFlight++;
        }

        request.UnitGeneration = Generation(request.Unit);
    }

    public void Answered(MultiplexRequest request)
    {
        if (Find(request) is { } unit)
        {
            unit.BackOff.Succeed();
        }
    }

    public void TimedOut(MultiplexRequest request, long now, UpstreamSettings settings)
    {
        if (Find(request) is { } unit)
        {
            unit.BackOff.Fail(now, settings.Multiplex.RetryDelay, settings.Multiplex.MaxRetryDelay);
        }
    }

    /// <summary>Notes that a request that was sent is done, however.</summary>
    public void Ended(MultiplexRequest request)
    {
        if (Find(request) is not { } unit)
        {
            return;
        }

        unit.IsProbed &= !request.IsProbe;
        request.IsProbe = false;
        if (request.IsWrite)
        {
            unit.Writes++;
            unit.WritesInFlight--;
        }
    }

    /// <summary>A number that is another after each write to the unit began or ended.</summary>
    public long Generation(int unit) => (_units[unit]?.Writes ?? 0) + (unit == Broadcast ? 0 : _units[Broadcast]?.Writes ?? 0);

    public bool IsBeingWritten(int unit) => _units[unit] is { WritesInFlight: > 0 } || _units[Broadcast] is { WritesInFlight: > 0 };

    /// <summary>The suspended ones.</summary>
    public IReadOnlyList<int> Suspended() =>
        [.. _units.Index().Where(static unit => unit.Item is { BackOff.HasFailed: true }).Select(static unit => unit.Index)];

    private Unit? Find(MultiplexRequest request) => request.Unit == MultiplexRequest.NoUnit ? null : _units[request.Unit];

    private sealed class Unit
    {
        public BackOff BackOff;

        public bool IsProbed { get; set; }

        public long Writes { get; set; }

        public int WritesInFlight { get; set; }
    }
}
