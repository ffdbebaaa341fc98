using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Http.Features;
using Proxy.Tls;

namespace Proxy.Core.Tests.Tls;

public sealed class TlsFactsTests
{
    // As by ASP.NET's certificate forwarding.
    [Fact]
    public async Task ClientCertificate_ApplicationSetsIt_HasItAndTheHandshakesStays()
    {
        var shown = SelfSigned.Certificate;
        using var forwarded = X509CertificateLoader.LoadCertificate(shown.RawData);
        var facts = new TlsFacts { Protocol = SslProtocols.Tls13, PeerCertificate = shown };
        ITlsConnectionFeature feature = facts;
        Assert.Same(shown, feature.ClientCertificate);

        feature.ClientCertificate = forwarded;

        Assert.Same(forwarded, feature.ClientCertificate);
        Assert.Same(forwarded, await feature.GetClientCertificateAsync(CancellationToken.None));
        Assert.Same(shown, facts.PeerCertificate);
        feature.ClientCertificate = null;
        Assert.Null(feature.ClientCertificate);
    }
}
