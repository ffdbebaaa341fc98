namespace Proxy.Channels;

/// <summary>Addresses that are not wanted any more. They listen until local programs have been notified.</summary>
internal sealed class Retirement(IEnumerable<CallSlot> slots)
{
    private volatile bool _isDue;

    /// <summary>The slots that have not been wanted again.</summary>
    public List<CallSlot> Slots { get; } = [.. slots];

    /// <summary>Whether the reconciler has taken it, to close it after notifying local programs.</summary>
    public bool IsTaken { get; set; }

    /// <summary>Whether they can be closed.</summary>
    public bool IsDue
    {
        get => _isDue;
        set => _isDue = value;
    }
}
