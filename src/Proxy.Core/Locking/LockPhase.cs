namespace Proxy.Locking;

/// <summary>What a permit is used for.</summary>
public enum LockPhase
{
    /// <summary>The hooks of <c>OnActivate</c> run, or wait until other hooks of the route have ended.</summary>
    Activating,

    /// <summary>The destination is dialed or serves the client.</summary>
    Serving,

    /// <summary>The client has left, and hooks run.</summary>
    Releasing,

    /// <summary>The service rests for <c>ReleaseDelay</c>.</summary>
    Resting,
}
