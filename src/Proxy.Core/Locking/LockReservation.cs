namespace Proxy.Locking;

/// <summary>A lock as a revision wants it, built and not in use yet: nothing has changed for the waiting clients.</summary>
/// <param name="Queue">The route's queue: the one it has, or a new one.</param>
/// <param name="IsNew">Whether the queue was made for this.</param>
/// <param name="Settings">What applies from when it is put to use.</param>
/// <param name="Middleware">What the route's connections run then.</param>
internal sealed record LockReservation(LockQueue Queue, bool IsNew, LockSettings Settings, LockMiddleware Middleware);
