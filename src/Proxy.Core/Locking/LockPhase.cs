namespace Proxy.Locking;

/// <summary>What a permit is used for.</summary>
public enum LockPhase
{
    /// <summary>The hooks of <c>OnActivate</c> run, or wait for other hooks of the route.</summary>
    Activating,

    /// <summary>The destination is dialed, and then the client is served.</summary>
    Serving,

    /// <summary>The client has gone, and hooks run.</summary>
    Releasing,

    /// <summary>The service rests for <c>ReleaseDelay</c>.</summary>
    Resting,
}
