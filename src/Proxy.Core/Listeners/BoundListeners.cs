namespace Proxy.Listeners;

/// <summary>What phase one of an apply has bound: to commit, or to discard.</summary>
internal sealed class BoundListeners
{
    internal BoundListeners(IReadOnlyList<(ListenerSpec Spec, Listener Listener)> all, IReadOnlyList<Listener> added)
    {
        All = all;
        Added = added;
    }

    /// <summary>All addresses as configured, each with the listener that is its own from phase two on.</summary>
    internal IReadOnlyList<(ListenerSpec Spec, Listener Listener)> All { get; }

    internal IReadOnlyList<Listener> Added { get; }
}
