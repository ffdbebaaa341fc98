using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Connections;
using Proxy.Diagnostics;
using Proxy.Timing;

namespace Proxy.Connections;

/// <summary>
/// Relays by streams, for connections whose bytes are not those of their sockets, as with TLS. A buffer is held only while there are bytes. An end is
/// passed on as an end; a reset or a cut as a reset, once the bytes before it are delivered. When the proxy ends the relay, both sides are reset.
/// </summary>
internal sealed class StreamRelay : ITimedRelay
{
    private const int FlushPoll = 50;
    private const int UnreadPoll = 250; // how soon the reset of a side that is not read is noticed, in milliseconds
    private const int LongestPause = 1_000; // an edit of the bandwidth may end a pause earlier

    private readonly RelaySide _client;
    private readonly RelaySide _upstream;
    private readonly RelayDeadlines _deadlines;
    private readonly ConnectionRecord _record;
    private readonly IRelayTimer _timer;
    private readonly TaskCompletionSource _over;
    private LostSide<RelaySide> _lost = new();
    private ulong _delivered;
    private int _outcome = (int)ConnectionOutcome.Completed;
    private int _isAborted;
    private volatile RelaySide? _flushing;
    private volatile bool _isFinished;

    private StreamRelay(
        (TcpConnection Connection, Stream Stream) client,
        (TcpConnection Connection, Stream Stream) upstream,
        RelayOptions options,
        ConnectionRecord record,
        DeadlineClock clock
    )
    {
        _record = record;
        _timer = client.Connection.StartTimer(this) ?? new ClockTimer(clock, this);
        _deadlines = new(options, _timer.Now);
        _over = new(_timer.IsInline ? TaskCreationOptions.None : TaskCreationOptions.RunContinuationsAsynchronously);
        _client = new(client.Connection, client.Stream, ConnectionOutcome.ClientReset, new(options.Bandwidth, _timer.IsInline));
        _upstream = new(upstream.Connection, upstream.Stream, ConnectionOutcome.UpstreamReset, new(options.Bandwidth, _timer.IsInline));
    }

    /// <summary>Creates a relay; null if one of the connections has no stream.</summary>
    public static StreamRelay? TryCreate(
        ConnectionContext client,
        ConnectionContext upstream,
        RelayOptions options,
        ConnectionRecord record,
        DeadlineClock clock
    ) =>
        client is TcpConnection from && upstream is TcpConnection to && from.OpenStream() is { } input && to.OpenStream() is { } output
            ? new((from, input), (to, output), options, record, clock)
            : null;

    /// <inheritdoc />
    public override string ToString() => $"the relay between {_client.Connection} and {_upstream.Connection}";

    /// <summary>Relays until the end; returns the outcome.</summary>
    public async Task<ConnectionOutcome> RunAsync()
    {
        _timer.CheckAt(_deadlines.Next);
        try
        {
            var up = PumpAsync(_client, _upstream);
            try
            {
                await PumpAsync(_upstream, _client);
            }
            finally
            {
                await up; // it uses the streams and a buffer until it ends, which the failure of the other direction makes it do
            }
        }
        finally
        {
            _isFinished = true;
            _timer.Dispose();
        }

        return (ConnectionOutcome)Volatile.Read(ref _outcome);
    }

    /// <inheritdoc />
    public long Check(long now)
    {
        var outcome = _record.Outcome;
        if (_isFinished)
        {
            return RelayDeadlines.Never; // in this order, since an outcome from outside was set before the relay had finished
        }

        // What waits for bandwidth is looked at before its pauses end: whether the next ones have begun after that is a matter of threads.
        NoticeReset(_client, now);
        NoticeReset(_upstream, now);
        if (_lost.Side is { Pause.IsPaused: true })
        {
            _lost.Postpone(now);
        }

        if (_client.Pause.Check(now) | _upstream.Pause.Check(now))
        {
            _deadlines.Active(now);
        }

        if (outcome is not null)
        {
            AbortBoth(); // it has ended only the client's connection, and the upstream one has to end too
        }
        else if (_deadlines.Passed(now) is { } passed && (passed != ConnectionOutcome.IdleTimeout || !(IsPaused || IsDelivering(now))))
        {
            Expire(passed);
        }
        else if (_lost.IsLate(now) || _flushing is { Connection.SendQueue.IsEmpty: true })
        {
            AbortBoth();
        }

        return _isFinished || Volatile.Read(ref _isAborted) != 0 ? RelayDeadlines.Never : Next(now);
    }

    // Bytes that wait for bandwidth are there all the same.
    private bool IsPaused => _client.Pause.IsPaused || _upstream.Pause.IsPaused;

    private long Next(long now)
    {
        var next = Math.Min(_deadlines.Next, _lost.Expires);
        if (IsPaused)
        {
            next = Math.Min(next, Math.Min(now + LongestPause, Math.Min(_client.Pause.Resumes, _upstream.Pause.Resumes)));
        }

        if (_flushing is not null)
        {
            next = Math.Min(next, now + FlushPoll);
        }

        return IsUnread(_client) || IsUnread(_upstream) ? Math.Min(next, now + UnreadPoll) : next;
    }

    private static bool IsUnread(RelaySide side) => side.IsSendingOn || side.HasEnded || side.Pause.IsPaused;

    // A slow reader may need long before there is room for the next send, so bytes that leave the kernel's queue count as activity too.
    private bool IsDelivering(long now)
    {
        var (client, upstream) = (_client.Connection.SendQueue, _upstream.Connection.SendQueue);
        var delivered = client.Delivered + upstream.Delivered;
        if ((client.IsEmpty && upstream.IsEmpty) || delivered == _delivered)
        {
            return false;
        }

        _delivered = delivered;
        _deadlines.Active(now);
        return true;
    }

    private void NoticeReset(RelaySide side, long now)
    {
        var other = side == _client ? _upstream : _client;
        if (!IsUnread(side) || (side.HasEnded && other.HasEnded) || side.Connection.DepartedWithin(0) != PeerDeparture.Reset)
        {
            return;
        }

        if (side.HasEnded && side.Connection.HasEndedWithin)
        {
            // Clients that close at once after close_notify, with session tickets unread, reset the connection; yet all of their bytes are here. The other
            // side may end in time.
            _lost.Begin(now);
            if (_lost.IsLate(now))
            {
                NoteBroken(side, side.ResetOutcome, now);
            }

            return;
        }

        NoteBroken(side, side.ResetOutcome, now);
        if (side.HasEnded)
        {
            Flush(other);
        }
    }

    private async Task PumpAsync(RelaySide from, RelaySide to)
    {
        var failed = from;
        try
        {
            while (true)
            {
                failed = from;
                var waiting = from.WaitAsync(); // holds no buffer
                if (!waiting.IsCompleted)
                {
                    from.Turn.Begin();
                }
                else if (from.Turn.IsOver)
                {
                    await from.Turn.EndAsync();
                }

                await waiting;
                var allowing = from.Pause.AllowedAsync(_timer.Now);
                if (!allowing.IsCompleted)
                {
                    _timer.CheckAt(from.Pause.Resumes);
                }

                var allowed = await allowing;
                var buffer = from.Connection.Buffers.RentWithinBudget();
                try
                {
                    var count = await from.ReadAsync(buffer.AsMemory(0, Math.Min(Math.Min(buffer.Length, to.BestWrite), allowed)));
                    if (count <= 0)
                    {
                        if (count == 0)
                        {
                            break;
                        }

                        continue; // what was there was read before
                    }

                    from.Turn.Count(count);
                    from.Pause.Count(count);
                    failed = to;
                    await SendAsync(from, to, buffer.AsMemory(0, count));
                    Count(from, count);
                }
                finally
                {
                    from.Connection.Buffers.Return(buffer);
                }
            }

            await EndAsync(from, to);
        }
        catch (Exception exception)
            when (exception is IOException or ConnectionAbortedException or InvalidOperationException or ObjectDisposedException)
        {
            await BreakAsync(from, failed, exception);
        }
        catch (Exception)
        {
            // There is no memory, or the relay has a fault. An end of one direction only would look as if all of its bytes had arrived.
            Interlocked.Exchange(ref _outcome, (int)ConnectionOutcome.InternalError);
            AbortBoth();
            throw;
        }
        finally
        {
            from.IsOver = true;
        }
    }

    private ValueTask SendAsync(RelaySide from, RelaySide to, ReadOnlyMemory<byte> bytes)
    {
        var sending = to.Stream.WriteAsync(bytes);
        return sending.IsCompletedSuccessfully ? sending : WaitAsync(from, sending);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask WaitAsync(RelaySide from, ValueTask sending)
    {
        from.IsSendingOn = true;
        _timer.CheckAt(_timer.Now + UnreadPoll);
        try
        {
            await sending;
        }
        finally
        {
            from.IsSendingOn = false;
        }
    }

    private void Count(RelaySide from, int bytes)
    {
        _deadlines.Active(_timer.Now);
        if (from == _client)
        {
            _record.CountClientBytes(bytes);
        }
        else
        {
            _record.CountUpstreamBytes(bytes);
        }
    }

    private async ValueTask EndAsync(RelaySide from, RelaySide to)
    {
        if (_lost.Side is { } broken)
        {
            await BreakAsync(from, broken, null);
            return;
        }

        // A reset may have followed the end that was read, unless the peer has ended within its bytes. In this order: once FIN was sent to it, an end of
        // both sides looks the same, and a reset is told by reading.
        if (!from.Connection.HasEndedWithin && from.Connection.DepartedWithin(0) == PeerDeparture.Reset && !to.HasEnded)
        {
            await BreakAsync(from, from, null);
            return;
        }

        from.HasEnded = true;
        _deadlines.HalfClosed(_timer.Now);
        _timer.CheckAt(Math.Min(_deadlines.Next, _timer.Now + UnreadPoll));
        await to.Connection.EndSendingAsync();
    }

    private async ValueTask BreakAsync(RelaySide from, RelaySide broken, Exception? exception)
    {
        NoteBroken(broken, exception is ConnectionEndedException ended ? ended.Outcome : broken.ResetOutcome, _timer.Now);
        if (_record.Outcome is not null || Volatile.Read(ref _isAborted) != 0)
        {
            AbortBoth();
            return;
        }

        // The direction that reads from the broken side delivers the bytes before the reset. The other has no receiver left; it ends both sides only if
        // the first had ended before.
        var lost = _lost.Side!;
        var healthy = lost == _client ? _upstream : _client;
        if (from == lost || lost.HasEnded || lost.IsOver)
        {
            Flush(healthy);
            await _over.Task;
        }
    }

    private void NoteBroken(RelaySide broken, ConnectionOutcome outcome, long now)
    {
        if (Volatile.Read(ref _isAborted) == 0 && _lost.Note(broken, _deadlines, now))
        {
            Interlocked.CompareExchange(ref _outcome, (int)outcome, (int)ConnectionOutcome.Completed);
            _timer.CheckAt(_lost.Expires);
        }
    }

    // Resets both sides once the healthy one has got the bytes before the reset.
    private void Flush(RelaySide healthy)
    {
        if (healthy.Connection.SendQueue.IsEmpty)
        {
            AbortBoth();
            return;
        }

        _flushing = healthy;
        _timer.CheckAt(_timer.Now + FlushPoll);
    }

    private void Expire(ConnectionOutcome outcome)
    {
        if (_lost.Side is null)
        {
            _record.TryEnd(outcome);
            Interlocked.CompareExchange(ref _outcome, (int)outcome, (int)ConnectionOutcome.Completed);
        }

        AbortBoth();
    }

    private void AbortBoth()
    {
        if (Interlocked.Exchange(ref _isAborted, 1) != 0)
        {
            return;
        }

        var reason = new ConnectionAbortedException("The relay ended the connection.");
        _client.Connection.Abort(reason);
        _upstream.Connection.Abort(reason);
        _client.Pause.End();
        _upstream.Pause.End();
        _over.TrySetResult();
    }
}
