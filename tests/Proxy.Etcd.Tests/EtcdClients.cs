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
    public static EtcdClient Of(EtcdServer server, EtcdConfig? config = null, LogLines? log = null) =>
        Of((config ?? new()) with { Endpoints = server.Endpoints }, log);

    public static EtcdClient Of(EtcdConfig config, LogLines? log = null) =>
        new(
            config,
            new CertificateStore(TimeProvider.System),
            null,
            TimeProvider.System,
            SuspendAwareTime.OfProcess,
            Random.Shared,
            new Logger<EtcdClient>(log ?? new())
        );

    public static Task<KeyResult> PutAsync(this IKeyStore store, string key, string value, long lease = 0) =>
        store.CommitAsync(new() { Operations = [new KeyOperation.Put(key, Encoding.UTF8.GetBytes(value), lease)] }, CancellationToken.None);

    public static Task<KeyResult> RemoveAsync(this IKeyStore store, string key) =>
        store.CommitAsync(new() { Operations = [new KeyOperation.Remove(key)] }, CancellationToken.None);

    public static string Text(this StoredKey key) => Encoding.UTF8.GetString(key.Value.Span);
}
