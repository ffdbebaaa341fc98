using Proxy.Etcd.Client;
using Proxy.Tls.Certificates;

namespace Proxy.Etcd.Tests.EndToEnd;

/// <summary>How a real etcd is reached within TLS, and as a user.</summary>
public sealed class EngineSecurityTests : IDisposable
{
    private readonly TestCertificates _certificates = new();

    public void Dispose() => _certificates.Dispose();

    [EtcdFact]
    public async Task ClientCertificates_TheirUserIsTheCommonName_AndRenewedFilesAreUsed()
    {
        await using var server = await StartAsync(asks: true, TimeSpan.FromDays(1));
        var config = EtcdClients.Patient with { CertificateAuthority = _certificates.Authority };
        await using var without = EtcdClients.Of(server, config);
        Assert.Matches("cannot be connected: TLS failed|connection to .* was lost", (await FailAsync(without)).Message); // TLS 1.3 tells after the handshake

        // One that is over is refused by etcd, until its files are other ones.
        var (path, key) = _certificates.Issue("host", TimeSpan.FromHours(-1));
        var store = new CertificateStore(TimeProvider.System);
        var own = config with
        {
            Endpoints = server.Endpoints,
            Certificate = new() { Path = path, KeyPath = key },
        };
        await using var with = EtcdClients.Of(own, certificates: store);
        await FailAsync(with);
        _certificates.Issue("host", TimeSpan.FromDays(1));
        store.Refresh();
        await with.PutAsync("/t/a", "1");
        Assert.Equal("1", (await with.GetAsync("/t/a", CancellationToken.None))?.Text());
    }

    [EtcdFact]
    public async Task ServersCertificate_ExpiredOrOfAnotherAuthority_IsRefusedHere()
    {
        await using (var expired = await StartAsync(asks: false, TimeSpan.FromHours(-1)))
        {
            await using var client = EtcdClients.Of(expired, EtcdClients.Patient with { CertificateAuthority = _certificates.Authority });
            Assert.Contains(", and not now", (await FailAsync(client)).Message, StringComparison.Ordinal);
        }

        await using var server = await StartAsync(asks: false, TimeSpan.FromDays(1));
        await using var system = EtcdClients.Of(server);
        Assert.Contains("TLS failed", (await FailAsync(system)).Message, StringComparison.Ordinal);
        Assert.NotNull(system.Status.Unreachable);
        await using var clear = EtcdClients.Of(
            EtcdClients.Patient with
            {
                Endpoints = [server.Endpoints[0].Replace("https", "http", StringComparison.Ordinal)],
            }
        );
        Assert.Contains("; if it speaks TLS, write https:// in Endpoints.", (await FailAsync(clear)).Message, StringComparison.Ordinal);
    }

    [EtcdFact]
    public async Task Users_PasswordAndRights_DecideAndATokenThatEndedIsRenewed()
    {
        await using var server = await EtcdServer.StartAsync();
        await server.ControlAsync("user", "add", "root:r");
        await server.ControlAsync("user", "grant-role", "root", "root");
        await server.ControlAsync("user", "add", "proxy:p");
        await server.ControlAsync("role", "add", "proxy");
        await server.ControlAsync("role", "grant-permission", "proxy", "--prefix=true", "readwrite", "/proxy/");
        await server.ControlAsync("user", "grant-role", "proxy", "proxy");
        await server.ControlAsync("auth", "enable");
        await using var nobody = EtcdClients.Of(server);
        Assert.True((await FailAsync(nobody)).IsRefused);
        await using var wrong = EtcdClients.Of(server, EtcdClients.Patient with { User = "proxy", Password = "x" });
        var refused = await FailAsync(wrong);
        Assert.True(refused.IsRefused);
        Assert.Contains("authentication failed, invalid user ID or password", refused.Message, StringComparison.Ordinal);
        Assert.NotNull(wrong.Status.Refused);
        Assert.Null(wrong.Status.Unreachable);

        await using var client = EtcdClients.Of(server, EtcdClients.Patient with { User = "proxy", Password = "p" });
        client.Start();
        var term = await client.Lease.WaitAsync(CancellationToken.None).AsTask().WaitAsync(Eventually.Limit);
        await client.PutAsync("/proxy/a", "1", term.Id);
        var denied = await Assert.ThrowsAsync<EngineException>(() => client.PutAsync("/other", "1"));
        Assert.Contains("permission denied", denied.Message, StringComparison.Ordinal);
        await using var watch = new WatchReader(client, "/proxy/");
        await watch.UntilAsync(static keys => keys.ContainsKey("/proxy/a"));

        // A member that starts anew knows no token.
        await server.KillAsync();
        await server.RestartAsync();
        await Eventually.TrueAsync(async () => await EtcdClients.LeaseOfAsync(client, "/proxy/a") == term.Id);
        await client.PutAsync("/proxy/b", "1");
        await watch.UntilAsync(static keys => keys.ContainsKey("/proxy/b"));
        await using var late = new WatchReader(client, "/proxy/b");
        await late.UntilAsync(static keys => keys.Count == 1);
        await client.RemoveAsync("/proxy/b");
        await late.UntilAsync(static keys => keys.Count == 0);
    }

    private Task<EtcdServer> StartAsync(bool asks, TimeSpan validFor)
    {
        var (certificate, key) = _certificates.Issue("etcd", validFor);
        return EtcdServer.StartAsync(1, new EtcdTls(_certificates.Authority, certificate, key, asks));
    }

    private static Task<EngineException> FailAsync(EtcdClient client) =>
        Assert.ThrowsAsync<EngineException>(() => client.GetAsync("/t/a", CancellationToken.None));
}
