using Proxy.Diagnostics;
using Proxy.Hooks;

namespace Proxy.Locking;

/// <summary>Uses a permit for one client: activation, service, hooks, and the rest before the next client.</summary>
/// <param name="queue">The queue of the lock.</param>
/// <param name="waiter">The client.</param>
/// <param name="metrics">Records how long the permit was held.</param>
/// <param name="time">The clock.</param>
/// <param name="stopped">Cancelled at the end of the program, to end hooks and the rest.</param>
internal sealed class LockHold(LockQueue queue, LockWaiter waiter, LockMetrics metrics, TimeProvider time, CancellationToken stopped)
{
    private readonly LockSettings _settings = queue.Settings;
    private LockedDestination? _destination;
    private bool _isActivated;
    private bool _isConnected;

    /// <summary>
    /// Serves the client. Afterwards the client's connection ends at once, while the permit is kept as long as hooks and the rest take.
    /// </summary>
    public async Task RunAsync()
    {
        await using var lost = waiter.Lost.UnsafeRegister(OnLost, waiter.Record);
        try
        {
            if (await TryActivateAsync())
            {
                await ServeAsync();
            }
        }
        finally
        {
            _destination?.Dispose();
            _ = FinishAsync();
        }
    }

    // Another host's client may have the permit soon, whatever this one is at.
    private static void OnLost(object? record) => ((ConnectionRecord)record!).Close(ConnectionOutcome.PermitLost);

    private async Task<bool> TryActivateAsync()
    {
        _destination = _settings.Service.Pick(waiter.Record, out var failure);
        if (_destination is null)
        {
            queue.Failed(waiter, $"no destination can be picked: {failure}");
            waiter.Record.Close(failure);
            return false;
        }

        waiter.DestinationId = _destination.Id;
        string? reason;
        try
        {
            var result = await ActivateAsync(_destination);
            reason = result.Reason;
            stopped.ThrowIfCancellationRequested(); // a step that the stop cut off has not failed
            waiter.Lost.ThrowIfCancellationRequested();
            _isActivated = result.Succeeded || _settings.ProceedsOnHookFailure;
        }
        catch (OperationCanceledException)
        {
            waiter.Record.Close(waiter.Lost.IsCancellationRequested ? ConnectionOutcome.PermitLost : ConnectionOutcome.Drained);
            return false;
        }

        if (!_isActivated)
        {
            queue.Failed(waiter, reason);
            waiter.Record.Close(ConnectionOutcome.HookFailed);
        }

        return _isActivated;
    }

    private async Task<HookResult> ActivateAsync(LockedDestination destination)
    {
        var started = time.GetTimestamp();
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stopped, waiter.Lost);
        var result = await queue.Hooks.ActivateAsync(_settings, waiter, destination, either.Token);
        if (!_settings.OnActivate.IsEmpty)
        {
            waiter.Record.Span?.Hooked("activate", time.GetElapsedTime(started), result.Outcome.ToString());
        }

        return result;
    }

    private async Task ServeAsync()
    {
        waiter.Phase = LockPhase.Serving;
        await using var expiry = time.CreateTimer(
            static record => ((ConnectionRecord)record!).Close(ConnectionOutcome.HoldExpired),
            waiter.Record,
            _settings.MaxHold,
            Timeout.InfiniteTimeSpan
        );
        await _destination!.ForwardAsync(waiter.Connection, Connected);

        // A destination that never answers counts as failed like one that refuses, even if the client's time ran out first.
        if (
            !_isConnected
            && waiter.Record.Outcome
                is ConnectionOutcome.ConnectFailed
                    or ConnectionOutcome.UpstreamTlsFailed
                    or ConnectionOutcome.HoldExpired
        )
        {
            queue.Failed(waiter, $"destination {_destination.Id} cannot be connected");
        }
    }

    private void Connected()
    {
        _isConnected = true;
        queue.Succeeded();
    }

    private async Task FinishAsync()
    {
        waiter.Phase = LockPhase.Releasing;
        try
        {
            if (waiter.Record.Outcome == ConnectionOutcome.HoldExpired)
            {
                await queue.Hooks.TimeoutAsync(_settings, waiter, _destination!, stopped);
            }

            if (_isActivated)
            {
                await queue.Hooks.ReleaseAsync(_settings, waiter, _destination!, stopped);
            }

            waiter.Phase = LockPhase.Resting;
            if (queue.Settings.ReleaseDelay > TimeSpan.Zero) // after a loss as well
            {
                await Task.Delay(queue.Settings.ReleaseDelay, time, stopped);
            }
        }
        catch (OperationCanceledException)
        {
            // The program ends.
        }
        finally
        {
            metrics.Released(queue.RouteId, time.GetElapsedTime(waiter.Admitted));
            queue.Release(waiter);
        }
    }
}
