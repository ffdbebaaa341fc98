using Microsoft.Extensions.Logging;
using Proxy.Channels.Membership;
using Proxy.Configuration.Channels;
using Proxy.Etcd.Client;

namespace Proxy.Etcd.Membership;

/// <summary>The members of a group in the engine: a record of each, under the lease of its process.</summary>
/// <param name="store">The keys.</param>
/// <param name="keys">The names of the keys of the group.</param>
/// <param name="addresses">The claims of local addresses.</param>
/// <param name="epochsFile">Returns the path of the file with the epochs of earlier processes.</param>
/// <param name="report">Tells operators of a mistake in the set-up.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">The log.</param>
internal sealed class EngineMembership(
    IKeyStore store,
    EngineKeys keys,
    EngineAddresses addresses,
    Func<string> epochsFile,
    Action<string> report,
    TimeProvider time,
    ILogger<EngineMembership> logger
) : IMembershipProvider, IDisposable
{
    private readonly Lock _gate = new(); // guards _former
    private FormerEpochs? _former;

    /// <inheritdoc />
    public string Name => MembershipProviders.Engine;

    /// <summary>Begins to publish this instance. Does not wait for the engine, which may be away.</summary>
    public Task<IMembershipSession> JoinAsync(MemberRecord self, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(self);
        var own = new OwnRecord(store, keys.Member(self.Id), self, Former(self.Epoch), addresses, report, time, logger);
        var view = new MembersView(keys.Members, self.Id, logger);
        own.Start();
        return Task.FromResult<IMembershipSession>(new EngineSession(store, keys.Members, own, view));
    }

    /// <inheritdoc />
    public void Dispose()
    {
        lock (_gate)
        {
            _former?.Dispose();
        }
    }

    // Opened once, since the lock of the file lasts as long as the process.
    private FormerEpochs Former(string epoch)
    {
        lock (_gate)
        {
            return _former ??= FormerEpochs.Open(epochsFile(), epoch, logger);
        }
    }
}
