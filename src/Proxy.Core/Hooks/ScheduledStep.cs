namespace Proxy.Hooks;

/// <summary>A step, when it is due, and how long it may take.</summary>
internal sealed record ScheduledStep(IHookStep Step, TimeSpan Timeout, int? Every = null, bool AfterTimeout = false)
{
    public bool IsDue(HookEvent hookEvent) =>
        (Every is null && !AfterTimeout)
        || (Every is { } every && hookEvent.Activation % every == 0)
        || (AfterTimeout && hookEvent.AfterTimeout);
}
