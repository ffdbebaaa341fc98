using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Proxy.Channels.Tunnel;
using Proxy.Configuration;

namespace Proxy.Channels.Membership;

/// <summary>The members of the configuration, each confirmed by a stream on which it says who it is.</summary>
internal sealed class StaticMembership(HelloFeed feed, TunnelConnectionFactory tunnels, TimeProvider time)
    : IMembershipProvider,
        IMembershipSession
{
    private readonly Channel<bool> _changes = Channel.CreateBounded<bool>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite }
    );
    private readonly Lock _gate = new(); // guards _members and _revision
    private readonly Dictionary<string, MemberRecord> _members = new(StringComparer.OrdinalIgnoreCase);
    private readonly Dictionary<string, HelloWatch> _watches = new(StringComparer.OrdinalIgnoreCase);
    private string _self = "";
    private long _revision;

    public string Name => "Static";

    public Task<IMembershipSession> JoinAsync(MemberRecord self, CancellationToken cancellationToken)
    {
        _self = self.Id;
        feed.Publish(self);
        _changes.Writer.TryWrite(true); // an empty set is one, too
        return Task.FromResult<IMembershipSession>(this);
    }

    public Task PublishAsync(MemberRecord self, CancellationToken cancellationToken)
    {
        feed.Publish(self);
        return Task.CompletedTask;
    }

    /// <summary>Follows an edit of the members. One caller at a time, after joining.</summary>
    public async Task UseAsync(IReadOnlyDictionary<string, ChannelMemberConfig> members)
    {
        foreach (
            var (id, watch) in _watches
                .Where(pair => members.GetValueOrDefault(pair.Key) is not { } config || !Same(config, pair.Value.Config))
                .ToList()
        )
        {
            await watch.DisposeAsync();
            _watches.Remove(id);
            if (!members.ContainsKey(id))
            {
                Report(id, null);
            }
        }

        foreach (
            var (id, config) in members.Where(pair =>
                !_watches.ContainsKey(pair.Key) && !pair.Key.Equals(_self, StringComparison.OrdinalIgnoreCase)
            )
        )
        {
            var watch = new HelloWatch(id, config, tunnels, time, Report);
            _watches[id] = watch;
            watch.Start();
        }
    }

    public async IAsyncEnumerable<MembershipUpdate> ReadAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var _ in _changes.Reader.ReadAllAsync(cancellationToken))
        {
            yield return Snapshot();
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var watch in _watches.Values)
        {
            await watch.DisposeAsync();
        }

        _watches.Clear();
    }

    private static bool Same(ChannelMemberConfig one, ChannelMemberConfig other) =>
        one.Address == other.Address
        && (one.Connectors is null) == (other.Connectors is null)
        && (one.Connectors ?? []).SequenceEqual(other.Connectors ?? []);

    private MembershipUpdate.Full Snapshot()
    {
        lock (_gate)
        {
            return new(++_revision, [.. _members.Values]);
        }
    }

    private void Report(string id, MemberRecord? member)
    {
        lock (_gate)
        {
            if (member is null)
            {
                _members.Remove(id);
            }
            else
            {
                _members[id] = member;
            }
        }

        _changes.Writer.TryWrite(true);
    }
}
