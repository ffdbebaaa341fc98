namespace Proxy.Clusters;

/// <summary>Why no destination was picked.</summary>
public enum PickFailure
{
    /// <summary>One was.</summary>
    None,

    /// <summary>None is available.</summary>
    NoDestination,

    /// <summary>Every available one has its maximum of connections.</summary>
    LimitReached,
}
