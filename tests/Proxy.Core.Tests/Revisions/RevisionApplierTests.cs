using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Proxy.Clusters.Services;
using Proxy.Core.Tests.Tls.Certificates;
using Proxy.Diagnostics;
using Proxy.Tls.Certificates;

namespace Proxy.Core.Tests.Revisions;

/// <summary>A host with a cluster whose destinations DNS lists.</summary>
public sealed class RevisionApplierTests
{
    private readonly ManualTime _time = new();
    private volatile SrvAnswer _answer = new([new("db1.test", 5432, 1, 1)], TimeSpan.FromMinutes(1));

    [Fact]
    public async Task Apply_ServersOfAService_ResultsStayAcrossEditsAndGoWithTheServer()
    {
        await using var host = await EditedHost.StartAsync(
            Json(1),
            add: services =>
                services.AddSingleton(
                    new ServiceDirectory((_, _) => Task.FromResult(_answer), _time, NullLogger<ServiceDirectory>.Instance)
                )
        );
        var recent = host.Service<RecentOutcomes>();
        await Eventually.TrueAsync(() => host.Destinations("c") == "d:db1.test:5432");
        recent.Of("c", "d:db1.test:5432").Reached("tcp://db1.test:5432");
        recent.Of("c", "d:never.test:1").Reached("tcp://never.test:1");

        await host.EditAsync(Json(2));

        Assert.NotNull(recent.Find("c", "d:db1.test:5432"));
        Assert.Null(recent.Find("c", "d:never.test:1"));

        _answer = new([new("db2.test", 5432, 1, 1)], TimeSpan.FromMinutes(1));
        await _time.WaitForTimerAsync(TimeSpan.FromSeconds(30)); // DNS is asked again after DnsRefresh
        _time.Advance(TimeSpan.FromMinutes(2));

        await Eventually.TrueAsync(() => host.Destinations("c") == "d:db2.test:5432");
        await Eventually.TrueAsync(() => recent.Find("c", "d:db1.test:5432") is null); // without an edit
    }

    [Fact]
    public async Task Apply_RouteCannotBeBuilt_CertificatesOfTheOthersAreForgotten()
    {
        using var folder = new CertificateFolder();
        using var leaf = folder.Issue("a.example");
        var config = folder.Pem(leaf);
        await using var host = await EditedHost.StartAsync(Json(1));

        await host.EditAsync(
            $$"""
            { "ReverseProxy": {
                "TcpRoutes": {
                    "a": { "Listen": "127.0.0.1:0", "ClusterId": "c", "Tls": { "Certificate": { "Path": "{{config.Path}}", "KeyPath": "{{config.KeyPath}}" } } },
                    "b": { "Listen": "127.0.0.2:0", "ClusterId": "c", "Tls": { "Certificate": { "Path": "{{folder.In("none.pem")}}" } } } },
                "Clusters": { "c": { "Destinations": { "d": { "Address": "tcp://127.0.0.1:1" } } } } } }
            """
        );

        Assert.Equal("ReverseProxy:TcpRoutes:b:Tls", Assert.Single(host.State.Rejected).Path);
        Assert.Null(host.Service<CertificateStore>().Find(config));
    }

    private static string Json(int attempts) =>
        $$"""
            { "ReverseProxy": {
                "TcpRoutes": { "r": { "Listen": "127.0.0.1:0", "ClusterId": "c" } },
                "Clusters": { "c": { "Tcp": { "ConnectAttempts": {{attempts}} }, "Destinations": { "d": { "Address": "srv://_db._tcp.test" } } } } } }
            """;
}
