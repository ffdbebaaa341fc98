using Microsoft.Extensions.Logging;
using Proxy.Etcd.Client;
using Proxy.Locking;

namespace Proxy.Etcd.Locking;

/// <summary>Keeps permits in the engine: one queue over all hosts of the group.</summary>
/// <param name="keys">The engine.</param>
/// <param name="names">The names of keys.</param>
/// <param name="host">This process.</param>
/// <param name="patience">How long the engine may take to grant a lease, before it counts as lost.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">The log.</param>
internal sealed class GlobalPermitStore(
    IKeyStore keys,
    EngineKeys names,
    LockHost host,
    TimeSpan patience,
    TimeProvider time,
    ILogger<GlobalPermitStore> logger
) : IPermitStore
{
    /// <inheritdoc />
    public string Name => "Global";

    /// <inheritdoc />
    public IPermits Open(string routeId, Action available)
    {
        // The ids of routes are compared without case, and the engine's keys with it.
        var prefix = names.Lock(routeId.ToLowerInvariant());
        var permits = new GlobalPermits(routeId, keys, prefix, host, patience, available, time, logger);
        permits.Start();
        return permits;
    }
}
