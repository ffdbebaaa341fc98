namespace Proxy.Channels.Membership;

/// <summary>The members at one moment.</summary>
internal sealed class MemberSet(IEnumerable<MemberRecord> members, bool stale)
{
    /// <summary>What is known before the first update: nothing.</summary>
    public static MemberSet None { get; } = new([], stale: false);

    /// <summary>By id.</summary>
    public IReadOnlyDictionary<string, MemberRecord> All { get; } =
        members
            .GroupBy(static member => member.Id, StringComparer.OrdinalIgnoreCase)
            .ToDictionary(static group => group.Key, static group => group.Last(), StringComparer.OrdinalIgnoreCase);

    /// <summary>Whether the registry is away.</summary>
    public bool Stale => stale;

    /// <summary>Completes when there is a newer set.</summary>
    public TaskCompletionSource Changed { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
}
