namespace Proxy.Hooks;

/// <summary>Runs a hook in code. A hook that ignores its token is not waited for.</summary>
internal sealed class CodeStep(IProxyHook hook, TimeProvider time) : IHookStep
{
    // The time to end after cancellation.
    private static readonly TimeSpan _grace = TimeSpan.FromSeconds(1);

    public string Text => $"Hook {hook.Name}";

    public async ValueTask<string?> RunAsync(HookEvent hookEvent, CancellationToken cancellationToken)
    {
        var run = Task.Run(async () => await hook.RunAsync(hookEvent, cancellationToken), CancellationToken.None);
        try
        {
            await run.WaitAsync(cancellationToken);
            return null;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return await EndsAsync(run)
                ? throw new OperationCanceledException(cancellationToken)
                : "did not end when it was cancelled, and is not waited for any longer";
        }
    }

    private async Task<bool> EndsAsync(Task run)
    {
        // Observes the task even after the wait for it is over, so that its exception is not reported as unobserved.
        var ended = run.ContinueWith(
            static task => _ = task.Exception,
            CancellationToken.None,
            TaskContinuationOptions.ExecuteSynchronously,
            TaskScheduler.Default
        );
        try
        {
            await ended.WaitAsync(_grace, time);
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }
}
