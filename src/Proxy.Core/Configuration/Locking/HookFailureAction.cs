namespace Proxy.Configuration.Locking;

/// <summary>What happens to a client whose hook fails.</summary>
public enum HookFailureAction
{
    /// <summary>It is reset, and the next client is admitted after a pause.</summary>
    Close,

    /// <summary>It is served nevertheless.</summary>
    Proceed,
}
