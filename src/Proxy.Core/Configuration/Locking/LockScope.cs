namespace Proxy.Configuration.Locking;

/// <summary>Which clients share the permits of a lock.</summary>
public enum LockScope
{
    /// <summary>The clients of this process.</summary>
    Host,

    /// <summary>The clients of all hosts that share an engine.</summary>
    Global,
}
