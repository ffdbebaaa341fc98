namespace Proxy.Configuration.Locking;

/// <summary>Which queued clients are taken for gone.</summary>
public enum DropQueued
{
    /// <summary>Those that have closed having sent nothing, or have reset.</summary>
    WhenSilent,

    /// <summary>Those that have closed, whatever they sent, or have reset.</summary>
    Always,

    /// <summary>Those that have reset.</summary>
    OnReset,
}
