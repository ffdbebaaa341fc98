namespace Proxy.Hooks;

/// <summary>The result of running a list of steps.</summary>
/// <param name="Outcome">The outcome.</param>
/// <param name="Step">The position of the step that ended the run, from 0; null if all succeeded.</param>
/// <param name="Reason">Which step ended the run and why, as a sentence; null if all succeeded.</param>
internal sealed record HookResult(HookOutcome Outcome, int? Step = null, string? Reason = null)
{
    public static HookResult Success { get; } = new(HookOutcome.Succeeded);

    public bool Succeeded => Outcome == HookOutcome.Succeeded;
}
