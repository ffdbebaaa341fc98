using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Connections;
using Proxy.Diagnostics;
using Proxy.Timing;

namespace Proxy.Connections;

/// <summary>
/// Relays through pipes, for connections of other transports and wrapped ones. Backpressure comes from the pipes; how a reset or a
/// half-close reaches the peer depends on the transport.
/// </summary>
[SuppressMessage("Design", "CA1001", Justification = "A source without timer holds nothing.")]
internal sealed class PipeRelay(
    ConnectionContext client,
    ConnectionContext upstream,
    RelayOptions options,
    ConnectionRecord record,
    DeadlineClock clock
) : IDeadline
{
    private const int LargeSegment = 16 * 1024;
    private const int ResetGrace = 5_000; // in milliseconds, as of a StreamRelay

    private readonly CancellationTokenSource _over = new(); // without timer: it holds nothing
    private readonly RelayDeadlines _deadlines = new(options, clock.Now);
    private readonly RelayPause _up = new(options.Bandwidth);
    private readonly RelayPause _down = new(options.Bandwidth);
    private volatile bool _clientHasEnd;
    private volatile bool _finished;
    private int _halvesEnded;
    private int _ended = -1;
    private long _resetExpires = RelayDeadlines.Never;
    private ConnectionOutcome _resetOutcome; // once that has passed

    /// <summary>Relays until the end; returns the outcome.</summary>
    public async Task<ConnectionOutcome> RunAsync()
    {
        clock.Add(this);
        try
        {
            await Task.WhenAll(
                PumpAsync(client, upstream, ConnectionOutcome.ClientReset, ConnectionOutcome.UpstreamReset),
                PumpAsync(upstream, client, ConnectionOutcome.UpstreamReset, ConnectionOutcome.ClientReset)
            );
        }
        finally
        {
            _finished = true;
            clock.Remove(this);
            await _over.CancelAsync();
        }

        return _ended < 0 ? ConnectionOutcome.Completed : (ConnectionOutcome)_ended;
    }

    /// <inheritdoc />
    public void Check(long now)
    {
        var outcome = record.Outcome;
        if (_finished)
        {
            return; // in this order, since an outcome from outside was set before the relay had finished
        }

        if (_up.Check(now) | _down.Check(now))
        {
            _deadlines.Active(now);
        }

        if (outcome is { } closed)
        {
            End(closed); // that ended only the client's connection, and the upstream one has to end too
        }
        else if (_deadlines.Passed(now) is { } passed && !(passed == ConnectionOutcome.IdleTimeout && (_up.IsPaused || _down.IsPaused)))
        {
            End(passed);
        }
        else if (now >= Volatile.Read(ref _resetExpires) && Volatile.Read(ref _halvesEnded) == 1)
        {
            End(_resetOutcome);
        }
    }

    private async Task PumpAsync(ConnectionContext from, ConnectionContext to, ConnectionOutcome readFailed, ConnectionOutcome writeFailed)
    {
        var failure = readFailed;
        var pause = from == client ? _up : _down;
        var turn = (from as TcpConnection ?? to as TcpConnection) is { } shared ? new Turn(shared) : null;
        try
        {
            while (true)
            {
                failure = readFailed;
                var reading = from.Transport.Input.ReadAsync();
                if (!reading.IsCompleted)
                {
                    turn?.Begin();
                }
                else if (turn is { IsOver: true })
                {
                    await turn.EndAsync();
                }

                var read = await reading;
                var allowed = read.Buffer.IsEmpty ? int.MaxValue : await pause.AllowedAsync(clock.Now);
                failure = writeFailed;
                var (bytes, isAll) = read.Buffer.Length <= allowed ? (read.Buffer, true) : (read.Buffer.Slice(0, allowed), false);
                pause.Count((int)bytes.Length);
                var flushed = await SendAsync(bytes, to.Transport.Output, from, turn);
                from.Transport.Input.AdvanceTo(bytes.End);
                if ((read.IsCompleted && isAll) || read.IsCanceled || flushed.IsCompleted)
                {
                    break;
                }
            }

            _clientHasEnd |= to == client;
            if (Interlocked.Increment(ref _halvesEnded) == 1)
            {
                _ = WatchAsync(from, readFailed);
            }

            _deadlines.HalfClosed(clock.Now); // before the end is sent, which a side that takes nothing may hold up
            await to.Transport.Output.CompleteAsync();
        }
        catch (Exception exception)
            when (exception is IOException or ConnectionAbortedException or InvalidOperationException or ObjectDisposedException)
        {
            if (_clientHasEnd && from == client && failure == readFailed && client is not IDeparture)
            {
                // Kestrel's transport cannot close one direction: completing the output has ended the other direction, too.
                await upstream.Transport.Output.CompleteAsync();
                return;
            }

            End(exception is ConnectionEndedException ended ? ended.Outcome : failure);
        }
        catch (Exception)
        {
            // There is no memory, or the relay has a fault. An end of one direction only would look as if all of its bytes had arrived.
            End(ConnectionOutcome.InternalError);
            throw;
        }
    }

    // A side that has ended is not read any more, but may still reset the connection. Once both have ended, a departure is no reset.
    private async Task WatchAsync(ConnectionContext ended, ConnectionOutcome readFailed)
    {
        if (ended is not IDeparture peer)
        {
            return;
        }

        var outcome = readFailed;
        try
        {
            if (await peer.WaitForDepartureAsync(ignoreClose: true, _over.Token) is null)
            {
                return;
            }

            if (ended is TcpConnection { HasEndedWithin: true })
            {
                // Clients that close at once after close_notify, with session tickets unread, reset the connection; yet all of their bytes are here. The
                // other side may end in time.
                _resetOutcome = readFailed;
                Volatile.Write(ref _resetExpires, clock.Now + ResetGrace);
                return;
            }
        }
        catch (ConnectionEndedException lost)
        {
            outcome = lost.Outcome;
        }

        if (Volatile.Read(ref _halvesEnded) == 1)
        {
            End(outcome);
        }
    }

    // Pipes may hold many small segments, and each flush is a write to a socket or a frame of a tunnel, so small ones are combined. A large
    // one is passed on as it is.
    private async ValueTask<FlushResult> SendAsync(ReadOnlySequence<byte> bytes, PipeWriter output, ConnectionContext from, Turn? turn)
    {
        var flushed = default(FlushResult);
        var unflushed = 0;
        foreach (var segment in bytes)
        {
            if (turn is { IsOver: true })
            {
                await turn.EndAsync();
            }

            if (unflushed == 0 && segment.Length >= LargeSegment)
            {
                flushed = Sent(await output.WriteAsync(segment), segment.Length, from, turn);
                continue;
            }

            output.Write(segment.Span);
            unflushed += segment.Length;
            if (unflushed >= BufferPool.BufferSize)
            {
                flushed = Sent(await output.FlushAsync(), unflushed, from, turn);
                unflushed = 0;
            }
        }

        return unflushed > 0 ? Sent(await output.FlushAsync(), unflushed, from, turn) : flushed;
    }

    private FlushResult Sent(FlushResult flushed, int count, ConnectionContext from, Turn? turn)
    {
        turn?.Count(count);
        _deadlines.Active(clock.Now);
        if (from == client)
        {
            record.CountClientBytes(count);
        }
        else
        {
            record.CountUpstreamBytes(count);
        }

        return flushed;
    }

    private void End(ConnectionOutcome outcome)
    {
        if (Interlocked.CompareExchange(ref _ended, (int)outcome, -1) < 0)
        {
            var reason = new ConnectionAbortedException("The relay ended the connection.");
            client.Abort(reason);
            upstream.Abort(reason);
            _up.End();
            _down.End();
        }
    }
}
