namespace Proxy.Configuration.Locking;

/// <summary>The place of a list of steps, which decides what steps it may have.</summary>
internal enum HookListKind
{
    /// <summary>Before a picked destination is dialed, where activations are counted.</summary>
    Activation,

    /// <summary>For an event with a destination, without a count.</summary>
    Destination,

    /// <summary>For an event without a destination.</summary>
    Plain,
}
