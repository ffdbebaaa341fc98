using System.Runtime.CompilerServices;
using Proxy.Channels.Membership;
using Proxy.Etcd.Client;

namespace Proxy.Etcd.Membership;

/// <summary>
/// This instance's presence in the engine. It goes on while the engine is away, since a session that ends leaves the group: then the members are stale, and
/// what changes here is published when the engine is back.
/// </summary>
/// <param name="store">The keys.</param>
/// <param name="prefix">What the keys of all members begin with.</param>
/// <param name="own">The record of this instance.</param>
/// <param name="view">Translates changes of keys.</param>
internal sealed class EngineSession(IKeyStore store, string prefix, OwnRecord own, MembersView view) : IMembershipSession
{
    /// <inheritdoc />
    public Task PublishAsync(MemberRecord self, CancellationToken cancellationToken) => own.PublishAsync(self, cancellationToken);

    /// <inheritdoc />
    public async IAsyncEnumerable<MembershipUpdate> ReadAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var update in store.WatchAsync(prefix, cancellationToken))
        {
            if (view.OwnKey(update) is var (isTold, now, revision) && isTold)
            {
                own.Observe(now, revision);
            }

            foreach (var told in view.Take(update))
            {
                yield return told;
            }
        }
    }

    /// <summary>Leaves the group, which the others are told as a departure.</summary>
    public ValueTask DisposeAsync() => own.DisposeAsync();
}
