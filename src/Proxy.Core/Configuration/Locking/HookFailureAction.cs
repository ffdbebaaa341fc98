namespace Proxy.Configuration.Locking;

/// <summary>What happens to a client whose hook fails.</summary>
public enum HookFailureAction
{
    /// <summary>It is reset, and the next waits a while.</summary>
    Close,

    /// <summary>It is served all the same.</summary>
    Proceed,
}
