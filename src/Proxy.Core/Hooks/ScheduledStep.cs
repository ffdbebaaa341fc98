namespace Proxy.Hooks;

/// <summary>A step with its timeout, and the condition under which it is due.</summary>
internal sealed record ScheduledStep(IHookStep Step, TimeSpan Timeout, int? Every = null, bool AfterTimeout = false, bool AtStart = false)
{
    public bool IsDue(HookEvent hookEvent) =>
        (Every is null && !AfterTimeout && !AtStart)
        || (Every is { } every && hookEvent.Activation % every == 0)
        || (AfterTimeout && hookEvent.AfterTimeout)
        || (AtStart && hookEvent.Activation == 1);
}
