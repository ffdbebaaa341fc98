using System.Runtime.CompilerServices;
using System.Threading.Channels;

namespace Proxy.Channels.Membership;

/// <summary>The updates that wait for their reader. Of each member only the newest is kept, so there are never more than members.</summary>
internal sealed class UpdateQueue
{
    private readonly Channel<bool> _signal = Channel.CreateBounded<bool>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite }
    );
    private readonly Lock _gate = new(); // guards the fields below
    private MembershipUpdate? _full;
    private MembershipUpdate? _registry;
    private Dictionary<string, MembershipUpdate> _members = new(StringComparer.Ordinal);

    /// <summary>Adds an update of the whole registry: a full set, stale or fresh.</summary>
    public void Add(MembershipUpdate registry)
    {
        lock (_gate)
        {
            // Stale and fresh are kept beside a full set, so that they do not replace it.
            (_full, _registry) = registry is MembershipUpdate.Full ? (registry, null) : (_full, registry);
        }

        _signal.Writer.TryWrite(true);
    }

    /// <summary>Adds an update of one member.</summary>
    public void Add(string id, MembershipUpdate update)
    {
        lock (_gate)
        {
            _members[id] = update;
        }

        _signal.Writer.TryWrite(true);
    }

    public async IAsyncEnumerable<MembershipUpdate> ReadAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var _ in _signal.Reader.ReadAllAsync(cancellationToken))
        {
            foreach (var update in Take())
            {
                yield return update;
            }
        }
    }

    private List<MembershipUpdate> Take()
    {
        lock (_gate)
        {
            List<MembershipUpdate> taken = [.. new[] { _full, _registry }.OfType<MembershipUpdate>(), .. _members.Values];
            (_full, _registry) = (null, null);
            _members = new(StringComparer.Ordinal);
            return taken;
        }
    }
}
