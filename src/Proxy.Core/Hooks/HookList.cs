using Microsoft.Extensions.Logging;
using Proxy.Configuration.Reading;
using Proxy.Diagnostics;

namespace Proxy.Hooks;

/// <summary>Runs steps one after the other until one fails. It keeps no state; whether runs may overlap is up to the caller.</summary>
internal sealed partial class HookList(
    IReadOnlyList<ScheduledStep> steps,
    ProxyMetrics metrics,
    TimeProvider time,
    ILogger<HookList> logger
)
{
    /// <summary>Whether the list has no steps.</summary>
    public bool IsEmpty => steps.Count == 0;

    /// <summary>Runs the steps that are due.</summary>
    /// <param name="hookEvent">The event.</param>
    /// <param name="cancellationToken">Cancels the step that runs; a process is killed.</param>
    /// <returns>The result. The task never fails.</returns>
    public async ValueTask<HookResult> RunAsync(HookEvent hookEvent, CancellationToken cancellationToken)
    {
        if (!steps.Any(step => step.IsDue(hookEvent)))
        {
            return HookResult.Success;
        }

        var started = time.GetTimestamp();
        var result = await RunDueAsync(hookEvent, cancellationToken);
        metrics.HookEnded(hookEvent.Route, hookEvent.Name, time.GetElapsedTime(started), result.Outcome.ToString());
        Write(hookEvent, result);
        return result;
    }

    private async Task<HookResult> RunDueAsync(HookEvent hookEvent, CancellationToken cancellationToken)
    {
        foreach (var (index, step) in steps.Index())
        {
            if (step.IsDue(hookEvent) && await RunStepAsync(step, hookEvent, cancellationToken) is { Succeeded: false } failure)
            {
                var reason = $"step {index + 1} ({step.Step.Text}) {failure.Reason}";
                return failure with { Step = index, Reason = reason };
            }
        }

        return HookResult.Success;
    }

    private async Task<HookResult> RunStepAsync(ScheduledStep step, HookEvent hookEvent, CancellationToken cancellationToken)
    {
        using var deadline = new CancellationTokenSource(step.Timeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        string? reason;
        try
        {
            either.Token.ThrowIfCancellationRequested();
            reason = await step.Step.RunAsync(hookEvent, either.Token);
        }
        catch (OperationCanceledException) when (either.IsCancellationRequested)
        {
            reason = cancellationToken.IsCancellationRequested ? "was cancelled" : $"did not end within {step.Timeout}";
        }
        catch (Exception exception)
        {
            Log.Threw(logger, hookEvent.Route, hookEvent.Name, step.Step.Text, exception);
            return new(HookOutcome.Failed, null, $"failed: {Printable.Shorten(exception.Message)}");
        }

        var outcome =
            cancellationToken.IsCancellationRequested ? HookOutcome.Cancelled
            : deadline.IsCancellationRequested ? HookOutcome.TimedOut
            : HookOutcome.Failed;
        return reason is null ? HookResult.Success : new(outcome, null, reason);
    }

    private void Write(HookEvent hookEvent, HookResult result)
    {
        if (result.Succeeded)
        {
            Log.Succeeded(logger, hookEvent.Route, hookEvent.Name);
        }
        else if (result.Outcome == HookOutcome.Cancelled)
        {
            Log.Cancelled(logger, hookEvent.Route, hookEvent.Name, result.Reason);
        }
        else
        {
            Log.Failed(logger, hookEvent.Route, hookEvent.Name, result.Reason);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Debug, "Route {Route}: the hooks of {Event} succeeded.")]
        public static partial void Succeeded(ILogger logger, string route, string @event);

        [LoggerMessage(
            LogLevel.Debug,
            "Route {Route}: the hooks of {Event} were cancelled, since their result is not needed any more: {Reason}."
        )]
        public static partial void Cancelled(ILogger logger, string route, string @event, string? reason);

        [LoggerMessage(
            LogLevel.Warning,
            "Route {Route}: the hooks of {Event} failed, and the steps after the failed one were skipped: {Reason}."
        )]
        public static partial void Failed(ILogger logger, string route, string @event, string? reason);

        [LoggerMessage(LogLevel.Error, "Route {Route}: a hook of {Event}, {Step}, threw an exception, so the step has failed.")]
        public static partial void Threw(ILogger logger, string route, string @event, string step, Exception exception);
    }
}
