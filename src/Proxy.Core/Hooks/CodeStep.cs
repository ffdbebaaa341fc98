namespace Proxy.Hooks;

/// <summary>Runs a hook in code, which may ignore its token: then it is left behind.</summary>
internal sealed class CodeStep(IProxyHook hook, TimeProvider time) : IHookStep
{
    // Time to end in after the token has said so.
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
            return await EndsAsync(run) ? throw new OperationCanceledException(cancellationToken) : "ignored its end and was left behind";
        }
    }

    private async Task<bool> EndsAsync(Task run)
    {
        // Observed even when the wait for it is over, so that its exception is not left unobserved.
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
