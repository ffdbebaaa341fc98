using System.Diagnostics.CodeAnalysis;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Proxy.Diagnostics;
using Proxy.Native;
using Proxy.Timing;

namespace Proxy.Connections.Sockets;

/// <summary>
/// Moves bytes between two sockets, with one buffer per direction while there are bytes. A FIN is passed on as FIN, a reset as a reset once
/// the bytes before it have been delivered. When the proxy ends the relay, both sides are reset.
/// </summary>
internal sealed class SocketRelay(
    SocketConnection client,
    SocketConnection upstream,
    RelayOptions options,
    ConnectionRecord record,
    SocketDependencies services
) : IDeadline
{
    private static readonly TimeSpan _flushPoll = TimeSpan.FromMilliseconds(5);

    private readonly Side _client = new(client, ConnectionOutcome.ClientReset, new(options.Bandwidth));
    private readonly Side _upstream = new(upstream, ConnectionOutcome.UpstreamReset, new(options.Bandwidth));
    private readonly RelayDeadlines _deadlines = new(options, services.Clock.Now);
    private LostSide<Side> _lost = new();
    private ulong _delivered;
    private volatile bool _finished;
    private int _expired;
    private ConnectionOutcome _outcome = ConnectionOutcome.Completed;

    /// <summary>Relays until the end; returns the outcome.</summary>
    public async Task<ConnectionOutcome> RunAsync()
    {
        services.Clock.Add(this);
        try
        {
            await Task.WhenAll(PumpAsync(_client, _upstream), PumpAsync(_upstream, _client));
        }
        finally
        {
            _finished = true;
            services.Clock.Remove(this);
        }

        return _outcome;
    }

    /// <inheritdoc />
    public void Check(long now)
    {
        var outcome = record.Outcome;
        if (_finished)
        {
            return; // in this order, since an outcome from outside was set before the relay had finished
        }

        // What waits for bandwidth is looked at before its pauses end: whether the next ones have begun after that is a matter of threads.
        NoticeResetBehindStalledSend(_client);
        NoticeResetBehindStalledSend(_upstream);
        if (_lost.Side is { Pause.IsPaused: true })
        {
            _lost.Postpone(now);
        }

        if (_client.Pause.Check(now) | _upstream.Pause.Check(now))
        {
            _deadlines.Active(now);
        }

        if (_lost.IsLate(now) || outcome is not null)
        {
            // The outcome has ended only the client's connection, and the upstream one has to end too.
            AbortBoth();
        }
        else if (_deadlines.Passed(now) is { } passed && (passed != ConnectionOutcome.IdleTimeout || !(IsPaused || IsDelivering(now))))
        {
            Expire(passed);
        }
    }

    // Bytes that wait for bandwidth are there all the same.
    private bool IsPaused => _client.Pause.IsPaused || _upstream.Pause.IsPaused;

    // A slow reader may need long before there is room for the next send, so bytes that leave the kernel's queue count as activity too.
    private bool IsDelivering(long now)
    {
        var delivered = TcpInfo.Delivered(_client.Socket) + TcpInfo.Delivered(_upstream.Socket);
        var hasUnsent = !TcpInfo.IsSendQueueEmpty(_client.Socket) || !TcpInfo.IsSendQueueEmpty(_upstream.Socket);
        if (!hasUnsent || delivered == _delivered)
        {
            return false;
        }

        _delivered = delivered;
        _deadlines.Active(now);
        return true;
    }

    // While a send or the bandwidth is waited for, the side is not read, so its reset would not be noticed.
    private void NoticeResetBehindStalledSend(Side side)
    {
        if ((side.IsSendingOn || side.Pause.IsPaused) && !side.SentFin && TcpInfo.IsClosed(side.Socket))
        {
            NoteBroken(side);
        }
    }

    private async Task PumpAsync(Side from, Side to)
    {
        try
        {
            await SendBufferedAsync(from, to);
            while (await WaitForBytesAsync(from) && await MoveAsync(from, to)) { }

            await EndAsync(from, to);
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException or IOException)
        {
            await BreakAsync(from, exception is ReceiveException ? from : to);
        }
        catch (Exception)
        {
            // There is no memory, or the relay has a fault. An end of one direction only would look as if all of its bytes had arrived.
            AbortBoth();
            throw;
        }
    }

    /// <summary>Sends the bytes that were read before and are still in the pipes or in the connection, before all others.</summary>
    private async Task SendBufferedAsync(Side from, Side to)
    {
        if (from.Connection.TouchedPipe is { } pipe && pipe.Input.TryRead(out var read))
        {
            foreach (var segment in read.Buffer)
            {
                from.Pause.Count(segment.Length);
                await to.Socket.SendAsync(segment);
                Count(from, segment.Length);
            }

            pipe.Input.AdvanceTo(read.Buffer.End);
        }

        if (from.Connection.TakeAhead() is not { } ahead)
        {
            return;
        }

        var bytes = ahead.Detach();
        try
        {
            from.IsSendingOn = true;
            from.Pause.Count(bytes.Count);
            await to.Socket.SendAsync(bytes.AsMemory());
            Count(from, bytes.Count);
        }
        finally
        {
            from.IsSendingOn = false;
            services.Buffers.Return(bytes.Array!);
        }
    }

    /// <summary>Waits for bytes with a zero-byte read, so that an idle connection holds no buffer.</summary>
    private static async ValueTask<bool> WaitForBytesAsync(Side from)
    {
        try
        {
            do
            {
                await from.Socket.ReceiveAsync(Memory<byte>.Empty);
            } while (!from.Connection.IsReadable); // an earlier event may be stale
        }
        catch (SocketException)
        {
            // The bytes before a reset can still be read. The error has been reported, and will not be again.
            from.IsReset = true;
        }

        return true;
    }

    /// <summary>Moves the available bytes; false at the end of the stream.</summary>
    private async ValueTask<bool> MoveAsync(Side from, Side to)
    {
        var allowed = await from.Pause.AllowedAsync(services.Clock.Now);
        var buffer = services.Buffers.RentWithinBudget();
        try
        {
            int received;
            do
            {
                var most = Math.Min(allowed, buffer.Length);
                received = await ReceiveAsync(from, buffer.AsMemory(0, most));
                if (received == 0)
                {
                    return false;
                }

                from.Pause.Count(received);
                allowed -= allowed == int.MaxValue ? 0 : received;
                from.IsSendingOn = true;
                await to.Socket.SendAsync(buffer.AsMemory(0, received));
                from.IsSendingOn = false;
                Count(from, received);
            } while (received == buffer.Length && allowed > 0 && from.Socket.Available > 0);

            return true;
        }
        finally
        {
            from.IsSendingOn = false;
            services.Buffers.Return(buffer);
        }
    }

    private static async ValueTask<int> ReceiveAsync(Side from, Memory<byte> buffer)
    {
        try
        {
            return await from.Socket.ReceiveAsync(buffer);
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            throw new ReceiveException(exception);
        }
    }

    private void Count(Side from, int bytes)
    {
        _deadlines.Active(services.Clock.Now);
        if (from == _client)
        {
            record.CountClientBytes(bytes);
        }
        else
        {
            record.CountUpstreamBytes(bytes);
        }
    }

    private async Task EndAsync(Side from, Side to)
    {
        // If the other direction has already collected the error of a reset, a read reports an end of stream. The kernel's state tells them
        // apart, unless FIN was sent to that side before; but then nothing is sent that could have collected the error.
        if (_lost.Side == from || from.IsReset || (!from.SentFin && TcpInfo.IsClosed(from.Socket)))
        {
            await BreakAsync(from, from);
            return;
        }

        to.SentFin = true;
        if (_lost.Side is null)
        {
            to.Socket.Shutdown(SocketShutdown.Send);
        }

        _deadlines.HalfClosed(services.Clock.Now);
    }

    private async Task BreakAsync(Side from, Side broken)
    {
        NoteBroken(broken);

        // The direction that reads from the broken side delivers the bytes before the reset, and then resets the healthy side. The other
        // direction has no receiver left; it ends both sides only if the broken side had ended its direction before.
        var lost = _lost.Side;
        var healthy = lost == _client ? _upstream : _client;
        if (from == lost || healthy.SentFin)
        {
            await FlushAsync(healthy);
            AbortBoth();
        }
    }

    private void NoteBroken(Side broken)
    {
        if (_lost.Note(broken, _deadlines, services.Clock.Now) && Volatile.Read(ref _expired) == 0)
        {
            _outcome = broken.ResetOutcome;
        }
    }

    private async Task FlushAsync(Side healthy)
    {
        while (record.Outcome is null && !_lost.IsLate(services.Clock.Now) && !TcpInfo.IsSendQueueEmpty(healthy.Socket))
        {
            await Task.Delay(_flushPoll, services.Time);
        }
    }

    private void Expire(ConnectionOutcome outcome)
    {
        if (Interlocked.Exchange(ref _expired, 1) == 0)
        {
            if (_lost.Side is null)
            {
                record.TryEnd(outcome);
                _outcome = outcome;
            }

            AbortBoth();
        }
    }

    private void AbortBoth()
    {
        var reason = new ConnectionAbortedException("The relay ended the connection.");
        _client.Connection.Abort(reason);
        _upstream.Connection.Abort(reason);
        _client.Pause.End();
        _upstream.Pause.End();
    }

    /// <summary>One side of the relay.</summary>
    private sealed class Side(SocketConnection connection, ConnectionOutcome resetOutcome, RelayPause pause)
    {
        public SocketConnection Connection => connection;

        public Socket Socket => connection.Socket;

        public ConnectionOutcome ResetOutcome => resetOutcome;

        /// <summary>The pauses of what is read from it.</summary>
        public RelayPause Pause => pause;

        /// <summary>Whether FIN was sent to it.</summary>
        public volatile bool SentFin;

        /// <summary>Whether a read has failed with a reset.</summary>
        public volatile bool IsReset;

        /// <summary>Whether its bytes are being sent to the other side, during which it is not read.</summary>
        public volatile bool IsSendingOn;
    }

    /// <summary>Tells a failed read from a failed write.</summary>
    [SuppressMessage("Design", "CA1032", Justification = "Thrown and caught in this file.")]
    private sealed class ReceiveException(Exception inner) : IOException(inner.Message, inner);
}
