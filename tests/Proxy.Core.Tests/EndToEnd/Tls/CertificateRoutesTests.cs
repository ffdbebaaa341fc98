using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Connections;
using Proxy.Core.Tests.Tls.Termination;
using Proxy.Diagnostics;

namespace Proxy.Core.Tests.EndToEnd.Tls;

/// <summary>Routes that are chosen by the certificate of the client, after its handshake.</summary>
public sealed class CertificateRoutesTests
{
    public static TheoryData<string> Transports => TlsEdge.Transports;

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Routes_ByCertificate_EachGetsItsClients(string transport)
    {
        await using var edge = await StartAsync(transport, "Allow", withRest: true);
        using var exact = edge.Authority.Client("CN=one", static names => names.AddUri(new Uri("spiffe://example.org/one")));
        using var pattern = edge.Authority.Client("CN=two", static names => names.AddUri(new Uri("spiffe://example.org/two")));
        using var other = edge.Authority.Client("CN=three", static names => names.AddDnsName("three.example.net"));

        Assert.Equal("a", await ServedByAsync(edge, exact));
        Assert.Equal("b", await ServedByAsync(edge, pattern));
        Assert.Equal("c", await ServedByAsync(edge, other));
        Assert.Equal("c", await ServedByAsync(edge, null));
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Routes_NoneTakesTheCertificate_EndedInAnOrderlyWayAsNoRoute(string transport)
    {
        await using var edge = await StartAsync(transport, "Required", withRest: false);
        using var other = edge.Authority.Client("CN=three");

        await using (var client = await edge.HandshakeAsync(TlsEdge.With(other, name: "x.example.com"), "edge"))
        {
            Assert.Equal(0, await client.ReadAsync(new byte[1]).AsTask().WaitAsync(Eventually.Limit));
        }

        await edge.EndedAsync();
        Assert.Equal(1, edge.Proxy.Service<ProxyMetrics>().Traffic().Single().Ended[ConnectionOutcome.NoRoute]);
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Routes_HandshakeFails_CountedAtTheFirst(string transport)
    {
        await using var edge = await StartAsync(transport, "Required", withRest: false);

        await edge.RefusedAsync(TlsEdge.With(null, name: "x.example.com"), "edge");

        await edge.FailuresAsync("NoCertificate", 1);
        await edge.EndedAsync();
        Assert.Equal("a", edge.Proxy.Service<ProxyMetrics>().Traffic().Single().RouteId);
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Routes_LimitOfTheChosenOne_Applies(string transport)
    {
        await using var edge = await StartAsync(transport, "Allow", withRest: true, "\"Limits\": { \"DenyNetworks\": [\"127.0.0.0/8\"] }");
        using var one = edge.Authority.Client("CN=one", static names => names.AddUri(new Uri("spiffe://example.org/one")));
        using var two = edge.Authority.Client("CN=two", static names => names.AddUri(new Uri("spiffe://example.org/two")));

        Assert.Equal("a", await ServedByAsync(edge, one));
        await edge.RefusedAsync(TlsEdge.With(two, name: "x.example.com"), "edge");

        await edge.EndedAsync();
        Assert.Equal(
            1,
            edge.Proxy.Service<ProxyMetrics>().Traffic().Single(static one => one.RouteId == "b").Ended[ConnectionOutcome.Denied]
        );
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Routes_ModeOfTheChosenOneFails_ClientIsReset(string transport)
    {
        await using var edge = await StartAsync(transport, "Allow", withRest: true, dials: static _ => new TlsMiddlewareTests.Failing());

        await TlsMiddlewareTests.IsResetAsync(edge, TlsEdge.With(null, name: "x.example.com"), "edge");
    }

    private static async Task<string> ServedByAsync(TlsEdge edge, X509Certificate2? certificate)
    {
        await using var client = await edge.HandshakeAsync(TlsEdge.With(certificate, name: "x.example.com"), "edge");
        return await TlsEdge.ServedByAsync(client);
    }

    private static Task<TlsEdge> StartAsync(
        string transport,
        string mode,
        bool withRest,
        string limits = "",
        Func<IConnectionFactory, IConnectionFactory>? dials = null
    ) =>
        TlsEdge.StartAsync(
            transport,
            authority =>
            {
                var tls = $$"""
                    "Tls": { "Certificate": {{authority.Server("x.example.com")}}, "ClientCertificates": "{{mode}}",
                             "ClientCertificateAuthority": "{{authority.Path}}" }
                    """;
                return $$"""
                    "b": { {{TlsTerminatorTests.Place(
                        "edge",
                        "\"ServerNames\": [\"x.example.com\"], \"ClientCertificates\": [\"spiffe://example.org/*\"]"
                    )}},
                           "ClusterId": "b", {{limits}}{{(limits.Length > 0 ? "," : "")}} {{tls}} },
                    "a": { {{TlsTerminatorTests.Place(
                        "edge",
                        "\"ServerNames\": [\"x.example.com\"], \"ClientCertificates\": [\"spiffe://example.org/one\", \"CN=x\"]"
                    )}},
                           "ClusterId": "a", {{tls}} }
                    {{(
                        withRest
                            ? $", \"c\": {{ {TlsTerminatorTests.Place("edge", "\"ServerNames\": [\"x.example.com\"]")}, \"ClusterId\": \"c\", {tls} }}"
                            : ""
                    )}}
                    """;
            },
            TlsTerminatorTests.Endpoint("edge"),
            dials: dials
        );
}
