using System.Runtime.CompilerServices;
using System.Threading.Channels;

namespace Proxy.Channels.Membership;

/// <summary>Updates on their way to their reader. Of each member only the newest waits, so that there are never more than members.</summary>
internal sealed class UpdateQueue
{
    private readonly Channel<bool> _signal = Channel.CreateBounded<bool>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite }
    );
    private readonly Lock _gate = new(); // guards the fields below
    private MembershipUpdate? _full;
    private MembershipUpdate? _registry;
    private Dictionary<string, MembershipUpdate> _members = new(StringComparer.Ordinal);

    /// <summary>Adds what is new of the registry: the first set, stale, fresh.</summary>
    public void Add(MembershipUpdate registry)
    {
        lock (_gate)
        {
            // A set must not be overwritten by the news that it is old or new.
            (_full, _registry) = registry is MembershipUpdate.Full ? (registry, null) : (_full, registry);
        }

        _signal.Writer.TryWrite(true);
    }

    /// <summary>Adds what is new of a member.</summary>
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
