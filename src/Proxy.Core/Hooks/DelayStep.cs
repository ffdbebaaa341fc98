namespace Proxy.Hooks;

/// <summary>Waits for a fixed time.</summary>
internal sealed class DelayStep(TimeSpan delay, TimeProvider time) : IHookStep
{
    public string Text => $"Delay {delay}";

    public async ValueTask<string?> RunAsync(HookEvent hookEvent, CancellationToken cancellationToken)
    {
        await Task.Delay(delay, time, cancellationToken);
        return null;
    }
}
