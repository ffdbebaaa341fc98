namespace Proxy.Hooks;

/// <summary>How a list of steps ended, and where.</summary>
/// <param name="Outcome">How.</param>
/// <param name="Step">The position of the step that was the last to run, from 0; null when all succeeded.</param>
/// <param name="Reason">Which step it was and why it was the last, as a sentence; null when all succeeded.</param>
internal sealed record HookResult(HookOutcome Outcome, int? Step = null, string? Reason = null)
{
    public static HookResult Success { get; } = new(HookOutcome.Succeeded);

    public bool Succeeded => Outcome == HookOutcome.Succeeded;
}
