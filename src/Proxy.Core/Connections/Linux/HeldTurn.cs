using System.Globalization;

namespace Proxy.Connections.Linux;

/// <summary>A turn of an event loop that took too long, and what it was busy with.</summary>
/// <param name="Milliseconds">How long it has taken so far.</param>
/// <param name="IsOver">Whether it has ended.</param>
/// <param name="Step">The step that took longest, or of a turn that is not over the one that runs now; null if it is not known.</param>
/// <param name="StepMilliseconds">How long that step has taken.</param>
/// <param name="Waited">Why the thread did not run, for about the last second.</param>
internal sealed record HeldTurn(long Milliseconds, bool IsOver, object? Step, long StepMilliseconds, WaitedTime Waited)
{
    /// <summary>The likely cause, as the end of a sentence.</summary>
    public string Cause =>
        Waited.ForCpu >= Milliseconds / 2
            ? Text($"the thread waited {Waited.ForCpu} ms of it for a CPU, so the machine has too little CPU for its work")
        : Waited.ForCollection >= Milliseconds / 2 ? Text($"garbage collections paused the process for {Waited.ForCollection} ms of it")
        : Step is null || StepMilliseconds < Milliseconds / 2 ? "many connections had something to do at the same time"
        : Text(
            $"{StepMilliseconds} ms of it went to {Describe(Step)}{(IsOver ? "" : ", which still runs")}; look for code that blocks there"
        );

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    private static string Describe(object step) =>
        step switch
        {
            EventLoop => "collecting events",
            TimerWheel => "timers",
            // Types that say what they are do so in words; the name of any other type tells a developer where to look.
            _ => step.ToString() is { } text && text != step.GetType().ToString() ? text : $"code of {step.GetType().FullName}",
        };
}
