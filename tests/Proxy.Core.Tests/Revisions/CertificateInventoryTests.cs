using Proxy.Configuration.Tls;
using Proxy.Core.Tests.Tls.Certificates;
using Proxy.Revisions;
using Proxy.Tls.Certificates;

namespace Proxy.Core.Tests.Revisions;

public sealed class CertificateInventoryTests
{
    // The section applies at the start only, and so do its files.
    [Fact]
    public async Task Keep_EngineIsEdited_FilesOfTheStartAreKept()
    {
        using var folder = new CertificateFolder();
        using var leaf = folder.Issue("a.example");
        var (first, second) = (folder.Pem(leaf), folder.Pem(leaf));
        var authorities = folder.Bundle();
        await using var host = await EditedHost.StartAsync(Json(first, authorities));
        var store = host.Service<CertificateStore>();
        var (certificate, bundle) = (store.Certificate(first), store.Trust(authorities, null)); // as the client of the engine does

        await host.EditAsync(Json(second, null));

        Assert.Equal(["Engine"], host.State.RestartNeeded);
        Assert.Same(certificate, store.Find(first));
        Assert.Same(bundle, store.Find(authorities, null));
        var used = host.Service<CertificateInventory>();
        Assert.Same(certificate, Assert.Single(used.Certificates()).Certificate);
        Assert.Same(bundle, Assert.Single(used.Bundles()).Bundle);
    }

    private static string Json(CertificateConfig certificate, string? authorities) =>
        $$"""
            { "Engine": { "Etcd": {
                "Endpoints": ["https://127.0.0.1:1"],
                {{(authorities is null ? "" : $"\"CertificateAuthority\": \"{authorities}\",")}}
                "Certificate": { "Path": "{{certificate.Path}}", "KeyPath": "{{certificate.KeyPath}}" } } } }
            """;
}
