using System.Text;
using Microsoft.Extensions.Logging;
using Proxy.Configuration.Engine;
using Proxy.Etcd.Client;
using Proxy.Timing;
using Proxy.Tls.Certificates;

namespace Proxy.Etcd.Tests;

/// <summary>Makes clients of a real etcd as the program does.</summary>
internal static class EtcdClients
{
    /// <summary>For tests whose calls have to succeed, and whose leases have to stay, on machines with much else to do.</summary>
    public static EtcdConfig Patient { get; } = new() { LeaseTime = TimeSpan.FromMinutes(10), Timeout = TimeSpan.FromSeconds(30) };

    public static EtcdClient Of(EtcdServer server, EtcdConfig? config = null, LogLines? log = null, TimeProvider? clock = null) =>
        Of((config ?? Patient) with { Endpoints = server.Endpoints }, log, clock: clock);

    public static EtcdClient Of(
        EtcdConfig config,
        LogLines? log = null,
        CertificateStore? certificates = null,
        TimeProvider? clock = null,
        Random? random = null
    ) =>
        new(
            config,
            certificates ?? new(RunningTime.OfProcess),
            null,
            RunningTime.OfProcess,
            clock ?? SuspendAwareTime.OfProcess,
            random ?? Random.Shared,
            new Logger<EtcdClient>(log ?? new())
        );

    public static Task<KeyResult> PutAsync(this IKeyStore store, string key, string value, long lease = 0) =>
        store.CommitAsync(new() { Operations = [new KeyOperation.Put(key, Encoding.UTF8.GetBytes(value), lease)] }, CancellationToken.None);

    public static Task<KeyResult> RemoveAsync(this IKeyStore store, string key) =>
        store.CommitAsync(new() { Operations = [new KeyOperation.Remove(key)] }, CancellationToken.None);

    /// <summary>The lease of a key; null if it does not exist, or the engine does not answer.</summary>
    public static async Task<long?> LeaseOfAsync(IKeyStore store, string key)
    {
        try
        {
            return (await store.GetAsync(key, CancellationToken.None))?.Lease;
        }
        catch (EngineException)
        {
            return null;
        }
    }

    /// <summary>The revision of a cluster.</summary>
    public static async Task<long> RevisionAsync(EtcdServer server)
    {
        await using var client = Of(server);
        return (await client.ListAsync("/none/", CancellationToken.None)).Revision;
    }

    public static string Text(this StoredKey key) => Encoding.UTF8.GetString(key.Value.Span);
}
