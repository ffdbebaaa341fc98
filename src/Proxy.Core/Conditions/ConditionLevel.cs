namespace Proxy.Conditions;

/// <summary>How well something works. Metrics write 0, 1 and 2.</summary>
public enum ConditionLevel
{
    /// <summary>Nothing is known to be wrong.</summary>
    Ok,

    /// <summary>It works, but not for all or not for long.</summary>
    Degraded,

    /// <summary>It does not work.</summary>
    Down,
}
