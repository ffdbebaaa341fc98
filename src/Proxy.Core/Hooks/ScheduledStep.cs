namespace Proxy.Hooks;

/// <summary>A step with its timeout, and the condition under which it is due.</summary>
internal sealed record ScheduledStep(IHookStep Step, TimeSpan Timeout, int? Every = null, bool AfterTimeout = false)
{
    public bool IsDue(HookEvent hookEvent) =>
        (Every is null && !AfterTimeout)
        || (Every is { } every && hookEvent.Activation % every == 0)
        || (AfterTimeout && hookEvent.AfterTimeout);
}
