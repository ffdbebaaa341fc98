namespace Proxy.Hooks;

/// <summary>The result of running a list of steps.</summary>
internal enum HookOutcome
{
    /// <summary>Every step that was due has succeeded.</summary>
    Succeeded,

    /// <summary>A step has failed.</summary>
    Failed,

    /// <summary>A step has exceeded its timeout.</summary>
    TimedOut,

    /// <summary>The caller has cancelled the run.</summary>
    Cancelled,
}
