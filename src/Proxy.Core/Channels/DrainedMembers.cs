using System.Collections.Concurrent;
using Proxy.Engine;

namespace Proxy.Channels;

/// <summary>
/// The members that get no new tunnels of clients for which a member is chosen. One that is drained here stays so until undrain or the end of the program, also
/// if it leaves and comes back; those that all hosts drain stay so until the fleet says otherwise.
/// </summary>
internal sealed class DrainedMembers
{
    private readonly ConcurrentDictionary<string, bool> _here = new(StringComparer.Ordinal);
    private volatile IReadOnlyDictionary<DrainTarget, DrainOrder> _forAll = new Dictionary<DrainTarget, DrainOrder>();

    /// <summary>Whether a member is drained.</summary>
    public bool Has(string member) => IsHere(member) || ForAll(member) is not null;

    /// <summary>Whether an operator drains it at this host.</summary>
    public bool IsHere(string member) => _here.ContainsKey(member);

    /// <summary>The operator that has all hosts drain it; null if it is not drained at all hosts.</summary>
    public DrainOrder? ForAll(string member) => _forAll.GetValueOrDefault(new(null, member));

    public void Add(string member) => _here.TryAdd(member, true);

    public void Remove(string member) => _here.TryRemove(member, out _);

    /// <summary>Replaces what all hosts drain.</summary>
    public void SetForAll(IReadOnlyDictionary<DrainTarget, DrainOrder> drains) => _forAll = drains;
}
