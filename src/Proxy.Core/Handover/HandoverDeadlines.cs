using System.IO.Pipelines;
using Proxy.Connections;
using Proxy.Diagnostics;
using Proxy.Timing;

namespace Proxy.Handover;

/// <summary>
/// The time limits of a connection that Kestrel serves, and its orderly end. Kestrel is asked to close it when its next request has begun, or when nothing has
/// moved for a moment: the answer says that the connection ends, and no request is lost. Asked as soon as it waits for a request, Kestrel would close the
/// connection under one that is on its way; asked while an answer begins, under the one after.
/// </summary>
internal sealed class HandoverDeadlines : IDeadline
{
    /// <summary>After how many milliseconds in which nothing has moved a connection is asked to close.</summary>
    public const long Grace = 500;

    private const long Never = long.MaxValue;

    private readonly ConnectionRecord _record;
    private readonly HandoverOptions _options;
    private readonly HandoverDependencies _services;
    private readonly Action _askToClose;
    private readonly PipeReader _received;
    private readonly RelayDeadlines _deadlines;
    private readonly long _firstBytes;
    private long _moved;
    private volatile int _isAsked;
    private volatile bool _isDraining;
    private volatile bool _isAccepted;
    private volatile bool _wasAsked;
    private long _quietSince = Never; // when bytes last moved, if the last check found that long ago; used by checks only

    /// <param name="record">The record of the connection.</param>
    /// <param name="options">The options of the route.</param>
    /// <param name="services">The services of all such connections.</param>
    /// <param name="askToClose">Asks Kestrel to close the connection.</param>
    /// <param name="received">The bytes of the client, before Kestrel reads them.</param>
    public HandoverDeadlines(
        ConnectionRecord record,
        HandoverOptions options,
        HandoverDependencies services,
        Action askToClose,
        PipeReader received
    )
    {
        (_record, _options, _services, _askToClose, _received) = (record, options, services, askToClose, received);
        var clock = services.Clock;
        _moved = clock.Now;
        _deadlines = new(options.Deadlines.Jittered(services.Random), clock.Now);
        Up = new(options.Deadlines.Bandwidth);
        Down = new(options.Deadlines.Bandwidth);
        _firstBytes = services.Handover.Limits?.KeepAliveTimeout is { TotalMilliseconds: > 0 and < int.MaxValue } time
            ? clock.Now + (long)time.TotalMilliseconds
            : Never;
    }

    /// <summary>The bandwidth from the client.</summary>
    public RelayPause Up { get; }

    /// <summary>The bandwidth to the client.</summary>
    public RelayPause Down { get; }

    /// <summary>The time, in milliseconds of the clock of the limits.</summary>
    public long Now => _services.Clock.Now;

    /// <summary>Whether Kestrel was asked to close the connection, and knows it.</summary>
    public bool WasAsked => _wasAsked;

    /// <summary>Whether Kestrel may be asked at any time: it waits for a request, or its answer has not begun.</summary>
    public required Func<bool> IsBetween { get; init; }

    /// <summary>Begins.</summary>
    public void Start() => _services.Clock.Add(this);

    /// <summary>Notes that bytes have moved.</summary>
    public void Active()
    {
        var now = _services.Clock.Now;
        Volatile.Write(ref _moved, now);
        _deadlines.Active(now);
    }

    /// <summary>Notes that Kestrel serves the connection from now on.</summary>
    public void Accepted() => _isAccepted = true;

    /// <summary>Notes that Kestrel has looked at bytes of the client.</summary>
    public void Taken()
    {
        if (_isDraining)
        {
            Ask();
        }
    }

    /// <summary>Lets the connection end in an orderly way. Thread-safe.</summary>
    public void Drain() => _isDraining = true;

    /// <summary>Ends the time limits.</summary>
    public void End()
    {
        _services.Clock.Remove(this);
        Up.End();
        Down.End();
    }

    /// <inheritdoc />
    public void Check(long now)
    {
        if (_record.Outcome is not null)
        {
            End();
            return;
        }

        if (Up.Check(now) | Down.Check(now))
        {
            _deadlines.Active(now);
        }

        var isQuiet = _isDraining && IsQuiet(now);
        if (!_isAccepted && (now >= _firstBytes || isQuiet))
        {
            _received.CancelPendingRead(); // it waits for the first byte; nothing is lost for a connection that waits for Kestrel
        }
        else if (isQuiet && _isAsked == 0 && IsBetween())
        {
            // Kestrel calls code of others, which may block, and the clock is that of all connections.
            ThreadPool.UnsafeQueueUserWorkItem(static deadlines => deadlines.AskBetween(), this, preferLocal: false);
        }

        if (!_isDraining && _deadlines.Passed(now) == ConnectionOutcome.DurationExpired)
        {
            Drain();
            _services.Drain.Begin(_record, _options.DrainTimeout, ConnectionOutcome.DurationExpired);
        }
        else if (_deadlines.IsIdle(now) && !Up.IsPaused && !Down.IsPaused)
        {
            _record.Close(ConnectionOutcome.IdleTimeout);
        }
    }

    // True only at the second check in a row. At the first one after the process was stopped, the next request may wait in the socket, and Kestrel would not
    // read it any more.
    private bool IsQuiet(long now)
    {
        var moved = Volatile.Read(ref _moved);
        var (before, isLong) = (_quietSince, now >= moved + Grace);
        _quietSince = isLong ? moved : Never;
        return isLong && before == moved;
    }

    private void AskBetween()
    {
        if (IsBetween())
        {
            Ask();
        }
    }

    private void Ask()
    {
        if (_isAccepted && Interlocked.Exchange(ref _isAsked, 1) == 0)
        {
            _askToClose();
            _wasAsked = true;
        }
    }
}
