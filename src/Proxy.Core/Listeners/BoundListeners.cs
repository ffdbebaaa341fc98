namespace Proxy.Listeners;

/// <summary>The listeners that phase one of an edit has bound, to be committed or discarded.</summary>
internal sealed class BoundListeners
{
    internal BoundListeners(IReadOnlyList<(ListenerSpec Spec, Listener Listener)> all, IReadOnlyList<Listener> added)
    {
        All = all;
        Added = added;
    }

    /// <summary>All configured addresses, each with the listener that serves it from phase two on.</summary>
    internal IReadOnlyList<(ListenerSpec Spec, Listener Listener)> All { get; }

    internal IReadOnlyList<Listener> Added { get; }
}
