using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Configuration;
using Proxy.Conditions;
using Proxy.Conditions.Rules;
using Proxy.Configuration;
using Proxy.Revisions;
using Proxy.Tls.Certificates;

namespace Proxy.Core.Tests.Conditions.Rules;

/// <summary>A certificate of Kestrel and the same one of the tunnel.</summary>
public sealed class CertificateConditionsTests : IDisposable
{
    private readonly ManualTime _time = new();
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("conditions-");
    private readonly ProxyStatus _status = new();

    [Theory]
    [InlineData(365, 22, ConditionLevel.Ok, ConditionReason.None)]
    [InlineData(365, 20, ConditionLevel.Degraded, ConditionReason.ExpiresSoon)]
    [InlineData(10, 3, ConditionLevel.Ok, ConditionReason.None)] // a short one is renewed late
    [InlineData(10, 1, ConditionLevel.Degraded, ConditionReason.ExpiresSoon)]
    [InlineData(10, -1, ConditionLevel.Down, ConditionReason.Expired)]
    public void Read_SomeDaysLeft_JudgedByItsLength(int days, int left, ConditionLevel level, ConditionReason reason)
    {
        var until = _time.GetUtcNow().AddDays(left);
        var conditions = Create(until.AddDays(-days), until);

        Assert.Equal(["Channels:Tunnel:Certificate", "Kestrel:Certificates:Default"], conditions.Read().Select(static one => one.Id));
        Assert.All(conditions.Read(), one => Assert.Equal((level, reason), (one.Level, one.Reason)));
        if (reason == ConditionReason.Expired)
        {
            Assert.All(conditions.Read(), one => Assert.Equal(until, one.Since));
        }
    }

    [Fact]
    public void Read_NotValidYet_DownUntilItIs()
    {
        var from = _time.GetUtcNow().AddDays(2);
        var conditions = Create(from, from.AddDays(365));

        Assert.All(
            conditions.Read(),
            one =>
            {
                Assert.Equal((ConditionLevel.Down, ConditionReason.NotYetValid), (one.Level, one.Reason));
                Assert.Equal($"valid from {from.UtcDateTime:u}", one.LastError);
                Assert.True(one.Since <= _time.GetUtcNow());
            }
        );
        _time.Advance(TimeSpan.FromDays(2));
        Assert.All(conditions.Read(), static one => Assert.Equal(ConditionLevel.Ok, one.Level));
    }

    [Fact]
    public void Read_TunnelsIsReplaced_ReadAgainAndKestrelsIsNot()
    {
        var soon = _time.GetUtcNow().AddDays(2);
        var conditions = Create(soon.AddDays(-365), soon);
        Assert.Equal(2, conditions.Read().Count(static one => one.Level == ConditionLevel.Degraded));
        Write(_time.GetUtcNow().AddDays(-1), _time.GetUtcNow().AddDays(365));
        _time.Advance(TimeSpan.FromSeconds(30));
        Assert.Equal(2, conditions.Read().Count(static one => one.Level == ConditionLevel.Degraded)); // who asks reads no file
        conditions.Sample();

        Assert.Equal(
            "Kestrel:Certificates:Default",
            Assert.Single(conditions.Read(), static one => one.Level == ConditionLevel.Degraded).Id
        );
    }

    [Fact]
    public void Read_FileIsGone_UnreadableSinceThenUntilItIsBack()
    {
        var until = _time.GetUtcNow().AddDays(300);
        var conditions = Create(until.AddDays(-365), until, static file => File.Delete(file));
        var since = _time.GetUtcNow();
        _time.Advance(TimeSpan.FromSeconds(30));
        conditions.Sample();
        Assert.All(conditions.Read(), one => Assert.Equal((ConditionReason.Unreadable, since), (one.Reason, one.Since)));

        Write(until.AddDays(-365), until);
        _time.Advance(TimeSpan.FromSeconds(30));
        conditions.Sample();
        Assert.All(conditions.Read(), static one => Assert.Equal(ConditionLevel.Ok, one.Level));
    }

    [Fact]
    public void Read_NameOfAnEndpointHasItsOwn_Listed()
    {
        var until = _time.GetUtcNow().AddDays(2);
        var conditions = Create(until.AddDays(-365), until, sni: true);

        Assert.Equal(
            ConditionReason.ExpiresSoon,
            Assert.Single(conditions.Read(), static one => one.Id == "Kestrel:Endpoints:a:Sni:*.example.org:Certificate").Reason
        );
    }

    [Fact]
    public void Sample_PathThatNoFileCanHave_Unreadable()
    {
        _status.Update(state =>
            state with
            {
                Running = Read("""{ "Kestrel": { "Certificates": { "Default": { "Path": "a\u0000b" } } } }"""),
            }
        );
        var conditions = new CertificateConditions(new(new(_time), _status, _time), _status, _time);
        conditions.Sample();

        Assert.Equal(ConditionReason.Unreadable, Assert.Single(conditions.Read()).Reason);
    }

    [Fact]
    public void Read_CertificateOfARouteIsRenewedAndDamaged_AsTheStoreHasIt()
    {
        const string Key = "ReverseProxy:TcpRoutes:r:Tls:Certificate";
        var now = _time.GetUtcNow();
        var (store, conditions) = OfRoute(now.AddDays(-340), now.AddDays(20), "");
        Assert.Equal((Key, ConditionReason.ExpiresSoon), Only(conditions));

        Write(now.AddDays(-1), now.AddDays(365));
        store.Refresh();
        Assert.Equal((Key, ConditionReason.None), Only(conditions));

        File.WriteAllText(KeyFile, "");
        _time.Advance(TimeSpan.FromSeconds(5));
        store.Refresh();
        var since = _time.GetUtcNow();
        _time.Advance(TimeSpan.FromSeconds(5));
        store.Refresh();
        var unreadable = Assert.Single(conditions.Read());
        Assert.Equal((ConditionReason.Unreadable, ConditionLevel.Degraded, since), (unreadable.Reason, unreadable.Level, unreadable.Since));
        Assert.EndsWith("a.key is empty, or no regular file.", unreadable.LastError, StringComparison.Ordinal);

        _time.Advance(TimeSpan.FromDays(366));
        Assert.Equal((Key, ConditionReason.Expired), Only(conditions)); // that clients are refused is worse
    }

    [Fact]
    public void Read_RevocationListIsOver_Down()
    {
        var now = _time.GetUtcNow();
        var list = Path.Combine(_folder.FullName, "crl");
        var (store, conditions) = OfRoute(
            now.AddDays(-1),
            now.AddDays(365),
            $$""", "ClientCertificates": "Required", "ClientCertificateAuthority": {{JsonSerializer.Serialize(
                Certificate
            )}}, "ClientCertificateRevocationList": {{JsonSerializer.Serialize(list)}} """,
            () =>
            {
                using var issuer = X509Certificate2.CreateFromPemFile(Certificate, KeyFile);
                File.WriteAllBytes(
                    list,
                    new CertificateRevocationListBuilder().Build(
                        issuer.SubjectName,
                        X509SignatureGenerator.CreateForECDsa(issuer.GetECDsaPrivateKey()!),
                        1,
                        now.AddDays(1),
                        HashAlgorithmName.SHA256,
                        X509AuthorityKeyIdentifierExtension.CreateFromSubjectKeyIdentifier([1, 2, 3]),
                        now.AddDays(-1)
                    )
                );
            }
        );
        Assert.All(conditions.Read(), static one => Assert.Equal(ConditionLevel.Ok, one.Level));

        _time.Advance(TimeSpan.FromDays(2));

        var over = Assert.Single(conditions.Read(), static one => one.Level == ConditionLevel.Down);
        Assert.Equal("ReverseProxy:TcpRoutes:r:Tls:ClientCertificateAuthority", over.Id);
        Assert.Equal((ConditionReason.Expired, now.AddDays(1)), (over.Reason, over.Since));
        Assert.NotNull(store);
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private string KeyFile => Path.Combine(_folder.FullName, "a.key");

    private static (string, ConditionReason) Only(CertificateConditions conditions)
    {
        var one = Assert.Single(conditions.Read());
        return (one.Id, one.Reason);
    }

    private (CertificateStore Store, CertificateConditions Conditions) OfRoute(
        DateTimeOffset from,
        DateTimeOffset until,
        string more,
        Action? then = null
    )
    {
        Write(from, until);
        then?.Invoke();
        var pair = JsonSerializer.Serialize(new { Path = Certificate, KeyPath = KeyFile });
        var running = Read(
            $$"""
            { "ReverseProxy": { "TcpRoutes": { "r": { "Listen": "127.0.0.1:0", "ClusterId": "c", "Tls": { "Certificate": {{pair}} {{more}} } } },
              "Clusters": { "c": { "Destinations": { "d": { "Address": "tcp://127.0.0.1:1" } } } } } }
            """
        );
        _status.Update(state => state with { Running = running });
        var store = new CertificateStore(_time);
        var tls = running.Config.ReverseProxy.TcpRoutes["r"].Tls!;
        store.Certificate(tls.Certificate[0]);
        if (tls.ClientCertificateAuthority is { } authority)
        {
            store.Trust(authority, tls.ClientCertificateRevocationList);
        }

        var conditions = new CertificateConditions(new(store, _status, _time), _status, _time);
        conditions.Sample();
        return (store, conditions);
    }

    private string Certificate => Path.Combine(_folder.FullName, "a.crt");

    private CertificateConditions Create(DateTimeOffset from, DateTimeOffset until, Action<string>? then = null, bool sni = false)
    {
        Write(from, until);
        var pair = JsonSerializer.Serialize(new { Path = Certificate, KeyPath = KeyFile });
        var names = sni ? $$""" "*.example.org": { "Certificate": {{pair}} } """ : "";
        var json = $$"""
            { "Kestrel": { "Certificates": { "Default": {{pair}} }, "Endpoints": { "a": { "Url": "https://127.0.0.1:0", "Sni": { {{names}} } } } },
              "Channels": { "Group": "g", "Instance": { "Id": "A_1" }, "Tunnel": { "Url": "https://127.0.0.1:0", "Certificate": {{pair}},
                "TrustBundle": {{JsonSerializer.Serialize(Certificate)}}, "TrustDomain": "example.org" } } }
            """;
        var revision = Read(json);
        _status.Update(state => state with { Running = revision });
        then?.Invoke(Certificate);
        var conditions = new CertificateConditions(new(new(_time), _status, _time), _status, _time);
        conditions.Sample();
        return conditions;
    }

    private static Revision Read(string json)
    {
        using var stream = new MemoryStream(Encoding.UTF8.GetBytes(json));
        var read = TcpProxyExtensions.Check(new ConfigurationBuilder().AddJsonStream(stream).Build());
        Assert.Empty(read.Errors);
        return read.Revision!;
    }

    private void Write(DateTimeOffset from, DateTimeOffset until)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var certificate = new CertificateRequest("CN=a", key, HashAlgorithmName.SHA256).CreateSelfSigned(from, until);
        File.WriteAllText(Certificate, certificate.ExportCertificatePem());
        File.WriteAllText(KeyFile, key.ExportPkcs8PrivateKeyPem());
    }
}
