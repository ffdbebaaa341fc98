using Microsoft.AspNetCore.Connections;
using Proxy.Configuration.Locking;
using Proxy.Connections;
using Proxy.Diagnostics;

namespace Proxy.Locking;

/// <summary>A client that has sent nothing yet and so waits outside the queue, where it costs no permit and no activation.</summary>
internal sealed class SilentClient(LockQueue queue, ConnectionContext connection, ConnectionRecord record, TimeProvider time)
{
    private readonly Lock _gate = new(); // guards _wait
    private readonly long _arrived = time.GetTimestamp();
    private CancellationTokenSource? _wait;
    private volatile bool _isDraining;

    /// <summary>Waits for the first byte, which is not read.</summary>
    /// <returns>Null if the client takes its place in the queue now; otherwise why it has ended. Its connection is then closed.</returns>
    public async ValueTask<ConnectionOutcome?> WaitAsync()
    {
        queue.Silent.Add(this);
        record.OnDrain(Drain);
        try
        {
            return End(await WaitForByteAsync());
        }
        finally
        {
            record.OnDrain(null);
            queue.Silent.Remove(this);
        }
    }

    /// <summary>Makes it look at the settings again.</summary>
    public void Wake()
    {
        lock (_gate)
        {
            _wait?.CancelAsync(); // on another thread, since the client goes on where it is cancelled
        }
    }

    private void Drain()
    {
        _isDraining = true;
        Wake();
    }

    private async ValueTask<ConnectionOutcome?> WaitForByteAsync()
    {
        while (true)
        {
            using var wait = new CancellationTokenSource();
            lock (_gate)
            {
                _wait = wait;
            }

            try
            {
                // Settings are read after the wait can be woken, so that no edit is missed.
                var settings = queue.Settings;
                if (_isDraining || queue.IsClosed)
                {
                    return ConnectionOutcome.Drained;
                }

                if (settings.ActivateOn != ActivateOn.FirstByte)
                {
                    return null;
                }

                var left =
                    settings.IdleTimeout < TimeSpan.Zero ? settings.IdleTimeout : settings.IdleTimeout - time.GetElapsedTime(_arrived);
                if (left <= TimeSpan.Zero && settings.IdleTimeout >= TimeSpan.Zero)
                {
                    return ConnectionOutcome.IdleTimeout;
                }

                await using var deadline = time.CreateTimer(
                    static client => ((SilentClient)client!).Wake(),
                    this,
                    left,
                    Timeout.InfiniteTimeSpan
                );
                return await InputAsync(wait.Token) switch
                {
                    null => null,
                    PeerDeparture.Reset => ConnectionOutcome.ClientReset,
                    _ => ConnectionOutcome.Completed,
                };
            }
            catch (OperationCanceledException) when (wait.IsCancellationRequested)
            {
                // An edit, a drain or the deadline.
            }
            finally
            {
                lock (_gate)
                {
                    _wait = null;
                }
            }
        }
    }

    private async ValueTask<PeerDeparture?> InputAsync(CancellationToken cancellationToken)
    {
        if (connection is TcpConnection tcp)
        {
            return await tcp.WaitForInputAsync(cancellationToken);
        }

        try
        {
            var input = connection.Transport.Input;
            var read = await input.ReadAsync(cancellationToken);
            var (isEmpty, isCompleted) = (read.Buffer.IsEmpty, read.IsCompleted);
            input.AdvanceTo(read.Buffer.Start);
            return isEmpty && isCompleted ? PeerDeparture.ClosedSilently : null;
        }
        catch (Exception exception) when (exception is IOException or ConnectionAbortedException)
        {
            return PeerDeparture.Reset;
        }
    }

    // A client that has nothing under way is closed in an orderly way, except where that would hide a fault.
    private ConnectionOutcome? End(ConnectionOutcome? outcome)
    {
        if (outcome is ConnectionOutcome.Completed or ConnectionOutcome.Drained)
        {
            record.TryEnd(outcome.Value);
        }
        else if (outcome is { } fault)
        {
            record.Close(fault);
        }

        return outcome;
    }
}
