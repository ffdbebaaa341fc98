namespace Proxy.Hooks;

/// <summary>How a list of steps ended.</summary>
internal enum HookOutcome
{
    /// <summary>Every step that was due did what it should.</summary>
    Succeeded,

    /// <summary>A step could not do it.</summary>
    Failed,

    /// <summary>A step took too long.</summary>
    TimedOut,

    /// <summary>The caller wanted it no longer.</summary>
    Cancelled,
}
