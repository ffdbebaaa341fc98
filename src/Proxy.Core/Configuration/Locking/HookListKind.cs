namespace Proxy.Configuration.Locking;

/// <summary>Where a list of steps stands, which decides what its steps may be.</summary>
internal enum HookListKind
{
    /// <summary>Before a picked destination is dialed: activations are counted.</summary>
    Activation,

    /// <summary>About a destination, without a count.</summary>
    Destination,

    /// <summary>About nothing that has a port.</summary>
    Plain,
}
