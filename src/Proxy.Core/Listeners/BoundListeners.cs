namespace Proxy.Listeners;

/// <summary>What phase one of an apply has bound: to commit, or to discard.</summary>
public sealed class BoundListeners
{
    internal BoundListeners(IReadOnlyList<ListenerSpec> specs, IReadOnlyList<Listener> added)
    {
        Specs = specs;
        Added = added;
    }

    /// <summary>All addresses as configured.</summary>
    public IReadOnlyList<ListenerSpec> Specs { get; }

    internal IReadOnlyList<Listener> Added { get; }
}
