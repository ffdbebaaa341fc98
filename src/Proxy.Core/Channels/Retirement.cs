namespace Proxy.Channels;

/// <summary>Addresses that are not wanted any more: they listen until that has been told.</summary>
internal sealed class Retirement(IEnumerable<CallSlot> slots)
{
    private volatile bool _isDue;

    /// <summary>Those that are not wanted again.</summary>
    public List<CallSlot> Slots { get; } = [.. slots];

    /// <summary>Whether the reconciler has been given it, to close it once it has been told.</summary>
    public bool IsGiven { get; set; }

    /// <summary>Whether they may go.</summary>
    public bool IsDue
    {
        get => _isDue;
        set => _isDue = value;
    }
}
