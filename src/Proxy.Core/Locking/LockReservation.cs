namespace Proxy.Locking;

/// <summary>A lock that a revision has built and not applied yet; waiting clients are not affected.</summary>
/// <param name="Queue">The route's existing queue, or a new one.</param>
/// <param name="IsNew">Whether the queue was created for this reservation.</param>
/// <param name="Store">Where its permits are kept once the revision applies.</param>
/// <param name="Settings">The settings that apply once the revision does.</param>
/// <param name="Middleware">The middleware for the route's connections once the revision applies.</param>
internal sealed record LockReservation(LockQueue Queue, bool IsNew, IPermitStore Store, LockSettings Settings, LockMiddleware Middleware);
