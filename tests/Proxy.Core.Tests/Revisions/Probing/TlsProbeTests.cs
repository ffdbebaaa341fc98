using System.Text.Json;
using Microsoft.Extensions.Configuration;
using Proxy.Configuration;
using Proxy.Configuration.Reading;
using Proxy.Core.Tests.Tls.Certificates;
using Proxy.Revisions;

namespace Proxy.Core.Tests.Revisions.Probing;

/// <summary><c>proxy check --probe</c> of what routes and clusters say about TLS.</summary>
public sealed class TlsProbeTests : IDisposable
{
    private const string Route = "ReverseProxy:TcpRoutes:r";
    private const string Cluster = "ReverseProxy:Clusters:c:Tcp:Tls";
    private readonly CertificateFolder _folder = new();

    [Fact]
    public async Task RunAsync_AllRight_NoProblem()
    {
        using var leaf = _folder.Issue("a.example", "*.b.example");

        var result = await ProbeAsync(
            $$"""
            "Certificate": {{Json(_folder.Pem(leaf))}}, "ClientCertificates": "Required",
            "ClientCertificateAuthority": {{Json(_folder.Bundle())}}, "ClientCertificateRevocationList": {{Json(
                _folder.Write("crl", _folder.List(_folder.Root))
            )}}
            """,
            $"\"CertificateAuthority\": {Json(_folder.Bundle())}, \"Certificate\": {Json(_folder.Pfx(leaf, "pw"))}",
            "a.example",
            "x.b.example",
            "*.b.example"
        );

        Assert.Empty(result.Errors.Concat(result.Warnings));
    }

    [Fact]
    public async Task RunAsync_FilesThatCannotBeUsed_ErrorAtEachKey()
    {
        using var leaf = _folder.Issue("a.example");
        var pair = _folder.Pem(leaf) with { KeyPath = _folder.In("none.key") };

        var result = await ProbeAsync(
            $"\"Certificate\": [{Json(_folder.Pem(leaf))}, {Json(pair)}], \"ClientCertificates\": \"Allow\", \"ClientCertificateAuthority\": {Json(_folder.Write("empty", ""))}",
            $"\"CertificateAuthority\": {Json(_folder.In("none.ca"))}, \"Certificate\": {Json(_folder.Pfx(leaf, "pw") with { Password = "px" })}",
            "unknown.example"
        );

        Assert.Equal(
            [
                $"{Cluster}:Certificate",
                $"{Cluster}:CertificateAuthority",
                $"{Route}:Tls:Certificate:1",
                $"{Route}:Tls:ClientCertificateAuthority",
            ],
            result.Errors.Select(static one => one.Path).Order(StringComparer.Ordinal)
        );
        Assert.Contains(result.Errors, static one => one.Message.Contains("none.key does not exist", StringComparison.Ordinal));
        Assert.Null(result.Revision);
    }

    [Theory]
    [InlineData(-10, -1, "expired at")]
    [InlineData(1, 10, "is not valid before")]
    [InlineData(-300, 20, "expires at")]
    [InlineData(-300, 22, null)]
    public async Task RunAsync_Time_Warning(int from, int until, string? warning)
    {
        using var leaf = _folder.Create(
            "CN=a",
            _folder.Root,
            names: ["a.example"],
            valid: (_folder.Now.AddDays(from), _folder.Now.AddDays(until))
        );

        Warns(warning, await ProbeAsync($"\"Certificate\": {Json(_folder.Pem(leaf))}"), $"{Route}:Tls:Certificate");
    }

    [Theory]
    [InlineData(CertificateFolder.Client, null, "is not for servers (extended key usage), so that clients refuse it")]
    [InlineData(null, CertificateFolder.Server, "is not for clients (extended key usage), so that destinations refuse it")]
    public async Task RunAsync_WrongUsage_Warning(string? route, string? cluster, string warning)
    {
        using var right = _folder.Issue("a.example");
        using var wrong = _folder.Create("CN=a", _folder.Root, names: ["a.example"], usages: [route ?? cluster!]);

        var result = await ProbeAsync(
            $"\"Certificate\": {Json(_folder.Pem(route is null ? right : wrong))}",
            cluster is null ? "" : $"\"Certificate\": {Json(_folder.Pem(wrong))}"
        );

        Warns(warning, result, route is null ? $"{Cluster}:Certificate" : $"{Route}:Tls:Certificate");
    }

    [Fact]
    public async Task RunAsync_NoNames_Warning()
    {
        using var leaf = _folder.Create("O=x", _folder.Root);

        Warns(
            "is for no DNS name and no address",
            await ProbeAsync($"\"Certificate\": {Json(_folder.Pem(leaf))}"),
            $"{Route}:Tls:Certificate"
        );
    }

    [Fact]
    public async Task RunAsync_CertificateThatIsNotOfTheChain_Warning()
    {
        using var leaf = _folder.Issue("a.example");
        using var other = _folder.Authority("other");

        Warns(
            "'CN=other' is in the file and not part of the chain of 'CN=a.example'",
            await ProbeAsync($"\"Certificate\": {Json(_folder.Pem(leaf, other))}"),
            $"{Route}:Tls:Certificate"
        );
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task RunAsync_IntermediateIsMissing_Warning(bool isThere)
    {
        using var between = _folder.Authority("between");
        using var leaf = _folder.Create(
            "CN=a",
            between,
            names: ["a.example"],
            then: static request =>
                request.CertificateExtensions.Add(
                    new System.Security.Cryptography.X509Certificates.X509AuthorityInformationAccessExtension(
                        [],
                        ["http://192.0.2.1/between.crt"]
                    )
                )
        );

        var result = await ProbeAsync($"\"Certificate\": {Json(isThere ? _folder.Pem(leaf, between) : _folder.Pem(leaf))}");

        Warns(isThere ? null : "the certificate of 'CN=between'", result, $"{Route}:Tls:Certificate");
    }

    [Theory]
    [InlineData("b.example")]
    [InlineData("y.x.wild.example")]
    [InlineData("*.a.example")]
    public async Task RunAsync_NameThatNoCertificateIsFor_Warning(string name)
    {
        using var leaf = _folder.Issue("a.example", "*.wild.example");

        Warns(
            $"no certificate is for '{name}'",
            await ProbeAsync($"\"Certificate\": {Json(_folder.Pem(leaf))}", "", "a.example", name),
            $"{Route}:Match:ServerNames:1"
        );
    }

    [Fact]
    public async Task RunAsync_ListIsOver_Warning()
    {
        using var leaf = _folder.Issue("a.example");
        var list = _folder.Write("crl", _folder.List(_folder.Root, _folder.Now.AddMinutes(-1)));

        var result = await ProbeAsync(
            $"\"Certificate\": {Json(_folder.Pem(leaf))}, \"ClientCertificates\": \"Required\", \"ClientCertificateAuthority\": {Json(_folder.Bundle())}, \"ClientCertificateRevocationList\": {Json(list)}"
        );

        Warns("so that every certificate of its authority is refused", result, $"{Route}:Tls:ClientCertificateAuthority");
    }

    public void Dispose() => _folder.Dispose();

    private static string Json<T>(T value) => JsonSerializer.Serialize(value);

    private static void Warns(string? warning, ReadResult result, string key)
    {
        Assert.Empty(result.Errors);
        if (warning is null)
        {
            Assert.Empty(result.Warnings);
            return;
        }

        var found = Assert.Single(result.Warnings);
        Assert.Contains(warning, found.Message, StringComparison.Ordinal);
        Assert.Equal(key, found.Path);
    }

    private async Task<ReadResult> ProbeAsync(string route, string cluster = "", params string[] names)
    {
        var file = _folder.Write(
            "proxy.json",
            $$"""
            { "ReverseProxy": {
              "TcpEndpoints": { "e": { "Address": "127.0.0.1:0" } },
              "TcpRoutes": { "r": { "Match": { "Endpoints": ["e"], "ServerNames": {{Json(
                names
            )}} }, "ClusterId": "c", "Tls": { {{route}} } } },
              "Clusters": { "c": { "Tcp": { "Tls": { {{cluster}} } }, "Destinations": { "d": { "Address": "tcp://127.0.0.1:1" } } } } } }
            """
        );
        using var root = (ConfigurationRoot)new ConfigurationBuilder().Add(new JsonFileSource(file) { Watch = false }).Build();
        var read = TcpProxyExtensions.Check(root);
        Assert.Empty(read.Errors);
        return await ConfigProbe.RunAsync(root, read.Revision!, static (_, _) => false, TimeProvider.System);
    }
}
