using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Proxy.Diagnostics;

namespace Proxy.Core.Tests.Tls.Termination;

public sealed class ClientVerificationTests
{
    public static TheoryData<string, SslProtocols> Versions => TlsTerminatorTests.Versions;

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task Verify_ValidCertificate_ServedAndTold(string transport, SslProtocols version)
    {
        await using var edge = await StartAsync(transport, "Required");
        using var certificate = edge.Authority.Client(
            "CN=client one, O=test",
            static names =>
            {
                names.AddDnsName("One.example.org");
                names.AddUri(new Uri("spiffe://example.org/one"));
                names.AddEmailAddress("one@example.org");
            }
        );

        await using var client = await edge.HandshakeAsync(TlsEdge.With(certificate, version));

        Assert.Equal("r", await TlsEdge.ServedByAsync(client));
        var tls = Assert.Single(edge.Open).Tls!;
        Assert.Equal(("CN=client one, O=test", "client one"), (tls.PeerSubject, tls.PeerCommonName));
        Assert.Equal(
            ["CN=client one", "one.example.org", "one@example.org", "spiffe://example.org/one"],
            tls.PeerNames.Order(StringComparer.Ordinal)
        );
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task Verify_NotValid_RefusedInEachHandshake(string transport, SslProtocols version)
    {
        using var other = new Authority("CN=another authority");
        await using var edge = await StartAsync(transport, "Required");
        using var stranger = other.Client("CN=client");
        using var expired = edge.Authority.Client("CN=client", isExpired: true);

        foreach (var certificate in (X509Certificate2[])[stranger, expired, stranger])
        {
            await edge.RefusedAsync(TlsEdge.With(certificate, version));
        }

        await edge.FailuresAsync("CertificateRefused", 3);
        await edge.RefusedAsync(TlsEdge.With(null, version));
        await edge.FailuresAsync("NoCertificate", 1);
        await edge.EndedAsync();
        Assert.Equal(4, edge.Proxy.Service<ProxyMetrics>().Traffic().Single().Ended[ConnectionOutcome.TlsFailed]);
        var ends = edge.Proxy.Service<RecentOutcomes>().Ends.List;
        Assert.Equal(4, ends.Count);
        Assert.All(ends, static end => Assert.Equal((ConnectionOutcome.TlsFailed, false), (end.Outcome, end.Failed)));
        Assert.Single(ends, static end => end.Reason == "the client showed no certificate"); // the one before may end after it
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task Verify_TimeThatCannotBeRead_Refused(string transport, SslProtocols version)
    {
        await using var edge = await StartAsync(transport, "Required");
        using var certificate = edge.Authority.ClientOfYearZero("CN=client");
        Assert.ThrowsAny<Exception>(() => certificate.NotBefore);

        await edge.RefusedAsync(TlsEdge.With(certificate, version));

        await edge.FailuresAsync("CertificateRefused", 1);
        await edge.EndedAsync();
        Assert.Equal(1, edge.Proxy.Service<ProxyMetrics>().Traffic().Single().Ended[ConnectionOutcome.TlsFailed]);
        Assert.Equal((0, 0), edge.Gate("127.0.0.1:0"));
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task Verify_Revoked_RefusedWhileOthersAreServed(string transport, SslProtocols version)
    {
        using var authority = new Authority("CN=clients");
        using var revoked = authority.Client("CN=revoked");
        using var valid = authority.Client("CN=valid");
        var tls = $$"""
            "ClientCertificates": "Required", "ClientCertificateAuthority": "{{authority.Path}}",
            "ClientCertificateRevocationList": "{{authority.Revoke(revoked)}}"
            """;
        await using var edge = await TlsEdge.StartAsync(transport, tls);

        await edge.RefusedAsync(TlsEdge.With(revoked, version));
        await using var client = await edge.HandshakeAsync(TlsEdge.With(valid, version));

        Assert.Equal("r", await TlsEdge.ServedByAsync(client));
        await edge.FailuresAsync("CertificateRefused", 1);
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task Verify_Allowed_NoneIsFineAndABadOneIsNot(string transport, SslProtocols version)
    {
        using var other = new Authority("CN=another authority");
        await using var edge = await StartAsync(transport, "Allow");
        using var stranger = other.Client("CN=client");

        await using (var without = await edge.HandshakeAsync(TlsEdge.With(null, version)))
        {
            Assert.Equal("r", await TlsEdge.ServedByAsync(without));
            Assert.Null(Assert.Single(edge.Open).Tls!.PeerSubject);
        }

        await edge.RefusedAsync(TlsEdge.With(stranger, version));
        await edge.FailuresAsync("CertificateRefused", 1);
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task Verify_SameClientAgain_NeverResumed(string transport, SslProtocols version)
    {
        await using var edge = await StartAsync(transport, "Required");
        using var certificate = edge.Authority.Client("CN=client");
        var options = TlsEdge.With(certificate, version);
        for (var i = 0; i < 3; i++)
        {
            await using var client = await edge.HandshakeAsync(options);
            Assert.Equal("r", await TlsEdge.ServedByAsync(client));
            Assert.False(Assert.Single(edge.Open).Tls!.IsResumed);
            await client.ShutdownAsync();
            await edge.EndedAsync();
        }
    }

    private static Task<TlsEdge> StartAsync(string transport, string mode) =>
        TlsEdge.StartAsync(
            transport,
            authority =>
                TlsEdge.Route(
                    authority,
                    "r",
                    "\"Listen\": \"127.0.0.1:0\"",
                    $"\"ClientCertificates\": \"{mode}\", \"ClientCertificateAuthority\": \"{authority.Path}\""
                )
        );
}
