using Proxy.Timing;

namespace Proxy.Multiplexing;

/// <summary>
/// What does not answer behind one destination. A request that was not answered is suspended: it and its like fail at once and delay no other request,
/// until one of them, sent after a pause as a probe, is answered. Its unit is suspended only when several different requests in a row got no
/// answer, since a silent register does not make a device dead. Guarded by the session's lock.
/// </summary>
internal sealed class Suspensions(TimeProvider time)
{
    private const int Evidence = 3; // different requests of a unit in a row without an answer
    private const int EvidenceWhileOthersWait = 2; // the second one has cost other units its ResponseTimeout
    private const int MostTargets = 1024;
    private static readonly TimeSpan _remembered = TimeSpan.FromMinutes(10); // after the pause, unless it is asked for again

    private readonly Dictionary<ulong, Target> _targets = [];
    private readonly Dictionary<ushort, Unit> _units = [];
    private long _answers;

    /// <summary>The suspended units.</summary>
    public IReadOnlyList<int> Units =>
        [.. _units.Where(static unit => unit.Value.IsSuspended).Select(static unit => (int)unit.Key).Order()];

    /// <summary>The suspended requests, by the names that the protocol gives them.</summary>
    public IReadOnlyList<string> Requests => [.. _targets.Values.Select(static target => target.Name).Order(StringComparer.Ordinal)];

    /// <summary>The suspended units and requests.</summary>
    public IReadOnlyList<MultiplexSuspension> List =>
        [
            .. _units
                .Where(static pair => pair.Value.IsSuspended)
                .OrderBy(static pair => pair.Key)
                .Select(static pair => new MultiplexSuspension(Name(pair.Key), pair.Key, pair.Value.Since, pair.Value.Failures)),
            .. _targets
                .Values.OrderBy(static target => target.Name, StringComparer.Ordinal)
                .Select(static target => new MultiplexSuspension(target.Name, null, target.Since, target.Failures)),
        ];

    /// <summary>The number of suspended units and requests.</summary>
    public int Count => _targets.Count + _units.Count(static unit => unit.Value.IsSuspended);

    /// <summary>
    /// Whether a new request has to fail at once. If the last probe of its unit was the same request, it is refused once more: another
    /// request shows more than one that is never answered.
    /// </summary>
    public bool Refuses(MultiplexRequest request)
    {
        if (IsSuspended(request))
        {
            return true;
        }

        if (FindUnit(request) is not { IsSuspended: true, IsLastProbeDeclined: false } unit || unit.LastProbe != request.Facts.Target)
        {
            return false;
        }

        return unit.IsLastProbeDeclined = unit.LastProbe != 0;
    }

    /// <summary>Whether a request has to fail at once, since it or its unit is suspended.</summary>
    public bool IsSuspended(MultiplexRequest request) => FindUnit(request)?.Blocks is true || FindTarget(request)?.Blocks is true;

    /// <summary>Records that a request was sent; if it or its unit is suspended, it is the probe.</summary>
    public void Sent(MultiplexRequest request)
    {
        FindUnit(request)?.Begin(request);
        FindTarget(request)?.Begin(request);
    }

    /// <summary>Records that a request was answered, whatever the answer says.</summary>
    /// <returns>What is not suspended any more; null if nothing was.</returns>
    public string? Answered(MultiplexRequest request)
    {
        _answers++;
        var target = FindTarget(request);
        if (target is not null)
        {
            _targets.Remove(request.Facts.Target);
        }

        var unit = FindUnit(request);
        if (unit is not null)
        {
            _units.Remove(request.Facts.Unit!.Value);
        }

        return unit is { IsSuspended: true } ? Name(request.Facts.Unit) : target?.Name;
    }

    /// <summary>
    /// Whether a request is a probe of something suspended, and others were answered since it fell silent: then its silence says nothing about the
    /// destination. To be asked before <see cref="TimedOut"/>.
    /// </summary>
    public bool IsSilentAlone(MultiplexRequest request)
    {
        Subject? suspended = FindUnit(request) is { IsSuspended: true } unit ? unit : FindTarget(request);
        return suspended?.AnswersBefore < _answers;
    }

    /// <summary>Records that a request was not answered in time.</summary>
    /// <param name="request">The request.</param>
    /// <param name="settings">The pauses before probes.</param>
    /// <param name="othersWait">Whether requests of other units wait.</param>
    /// <returns>What is suspended thereby; null if nothing is that was not.</returns>
    public string? TimedOut(MultiplexRequest request, UpstreamSettings settings, bool othersWait)
    {
        if (request.Facts.Unit is not { } id)
        {
            return null;
        }

        var isNew = Suspend(request, settings);
        var unit = _units.GetValueOrDefault(id) ?? (_units[id] = new(time, _answers));
        unit.LastProbe = request.Facts.Target;
        unit.IsLastProbeDeclined = false;
        unit.Unanswered.Add(request.Facts.Target);
        var evidence =
            request.Facts.Target == 0 ? 1
            : othersWait ? EvidenceWhileOthersWait
            : Evidence;
        if (!unit.IsSuspended && unit.Unanswered.Count < evidence)
        {
            return isNew ? FindTarget(request)!.Name : null;
        }

        var wasSuspended = unit.IsSuspended;
        unit.Fail(settings);
        unit.Unanswered.Clear();
        return wasSuspended ? null : Name(id);
    }

    /// <summary>Records that a sent request has ended, in whatever way.</summary>
    public void Ended(MultiplexRequest request)
    {
        FindUnit(request)?.End(request);
        FindTarget(request)?.End(request);
    }

    /// <summary>Forgets what was not asked for again.</summary>
    /// <returns>Whether there was something and nothing is left.</returns>
    public bool Forget()
    {
        if (_targets.Count + _units.Count == 0)
        {
            return false;
        }

        foreach (var (key, target) in _targets)
        {
            if (target.IsForgotten)
            {
                _targets.Remove(key);
            }
        }

        foreach (var (key, unit) in _units)
        {
            if (unit.IsForgotten)
            {
                _units.Remove(key);
            }
        }

        return _targets.Count + _units.Count == 0;
    }

    private static string Name(ushort? unit) => $"unit {unit}";

    private bool Suspend(MultiplexRequest request, UpstreamSettings settings)
    {
        if (request.Facts.Target == 0)
        {
            return false;
        }

        if (FindTarget(request) is { } known)
        {
            known.Fail(settings);
            return false;
        }

        if (_targets.Count >= MostTargets)
        {
            DropOver();
        }

        var target = new Target(time, _answers, settings.Framer.Rules.NameTarget(request.Sent.Span));
        target.Fail(settings);
        _targets.Add(request.Facts.Target, target);
        return true;
    }

    // Those whose pause is over are suspended again by their next timeout; a client that tries many addresses must not fill the memory.
    private void DropOver()
    {
        foreach (var (key, target) in _targets)
        {
            if (!target.Blocks)
            {
                _targets.Remove(key);
            }
        }

        if (_targets.Count >= MostTargets)
        {
            _targets.Clear();
        }
    }

    private Target? FindTarget(MultiplexRequest request) => _targets.Count == 0 ? null : _targets.GetValueOrDefault(request.Facts.Target);

    private Unit? FindUnit(MultiplexRequest request) =>
        _units.Count > 0 && request.Facts.Unit is { } unit ? _units.GetValueOrDefault(unit) : null;

    private abstract class Subject(TimeProvider time, long answers)
    {
        private Backoff? _backoff;
        private MultiplexRequest? _probe;
        private long _silentSince = time.GetTimestamp();

        public bool IsSuspended => _backoff is not null;

        public DateTimeOffset Since { get; } = time.GetUtcNow();

        /// <summary>The number of answers to any request before it fell silent.</summary>
        public long AnswersBefore { get; } = answers;

        public int Failures => _backoff?.Failures ?? 0;

        /// <summary>Whether requests fail: the pause is not over, or another request is the probe.</summary>
        public bool Blocks => _backoff is { } backoff && (_probe is not null || backoff.Remaining > TimeSpan.Zero);

        public bool IsForgotten => _probe is null && time.GetElapsedTime(_silentSince) > _remembered + (_backoff?.Length ?? TimeSpan.Zero);

        public void Fail(UpstreamSettings settings)
        {
            var (first, longest) = (settings.Multiplex.RetryDelay, settings.Multiplex.MaxRetryDelay);
            _backoff ??= new(time, first, longest);
            (_backoff.First, _backoff.Longest) = (first, longest);
            _backoff.Fail();
            _silentSince = time.GetTimestamp();
        }

        public void Begin(MultiplexRequest request) => _probe ??= IsSuspended ? request : null;

        public void End(MultiplexRequest request) => _probe = _probe == request ? null : _probe;
    }

    private sealed class Target(TimeProvider time, long answers, string name) : Subject(time, answers)
    {
        public string Name => name;
    }

    private sealed class Unit(TimeProvider time, long answers) : Subject(time, answers)
    {
        /// <summary>The different requests that were not answered since the last answer.</summary>
        public HashSet<ulong> Unanswered { get; } = [];

        public ulong LastProbe { get; set; }

        public bool IsLastProbeDeclined { get; set; }
    }
}
