namespace Proxy.Configuration.Locking;

/// <summary>Which departures of a waiting client end its wait.</summary>
public enum DropQueued
{
    /// <summary>A reset, or closing without having sent anything.</summary>
    WhenSilent,

    /// <summary>A reset, or closing.</summary>
    Always,

    /// <summary>A reset.</summary>
    OnReset,
}
