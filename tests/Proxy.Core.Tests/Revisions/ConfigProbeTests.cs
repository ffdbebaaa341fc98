using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Configuration;
using Proxy.Configuration;
using Proxy.Configuration.Reading;
using Proxy.Revisions;

namespace Proxy.Core.Tests.Revisions;

public sealed class ConfigProbeTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("probe-").FullName;

    [Fact]
    public async Task RunAsync_NothingWrong_NoProblem()
    {
        var result = await ProbeAsync(Route("127.0.0.1:0", "tcp://localhost:6379"));

        Assert.NotNull(result.Revision);
        Assert.Empty(result.Errors.Concat(result.Warnings));
    }

    [Fact]
    public async Task RunAsync_SomebodyListens_ErrorWithItsLine()
    {
        using var taken = Loopback.Listen();

        var problem = Assert.Single((await ProbeAsync(Route($"{taken.LocalEndPoint}", "tcp://127.0.0.1:1"))).Errors);

        Assert.Equal("ReverseProxy:TcpRoutes:r:Listen", problem.Path);
        Assert.Equal(2, problem.Line);
        Assert.Contains("another socket listens there", problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task RunAsync_OwnHostListens_IsNotTried()
    {
        using var taken = Loopback.Listen();
        var address = taken.LocalEndPoint!.ToString()!;

        var result = await ProbeAsync(Route(address, "tcp://127.0.0.1:1"), (_, text) => text == address);

        Assert.Empty(result.Errors);
    }

    [Theory]
    [InlineData("192.0.2.1:9000", "no such address")]
    [InlineData("unix:/nowhere/at/all.sock", "cannot be bound")]
    public async Task RunAsync_AddressNobodyCanBind_Error(string address, string expected)
    {
        var problem = Assert.Single((await ProbeAsync(Route(address, "tcp://127.0.0.1:1"))).Errors);

        Assert.Contains(expected, problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task RunAsync_UnixSocketOfACrash_NoProblemAndStillThere()
    {
        var path = Path.Combine(_folder, "s");
        using (var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified))
        {
            socket.Bind(new UnixDomainSocketEndPoint(path)); // never listened on: nobody answers
            Assert.Empty((await ProbeAsync(Route($"unix:{path}", "tcp://127.0.0.1:1"))).Errors);
            socket.Listen();
            Assert.Contains(
                "another socket listens",
                Assert.Single((await ProbeAsync(Route($"unix:{path}", "tcp://127.0.0.1:1"))).Errors).Message,
                StringComparison.Ordinal
            );
            Assert.Single(Directory.GetFileSystemEntries(_folder, "s"));
        }

        Assert.Empty(Directory.GetFileSystemEntries(_folder, ".p*"));
    }

    [Fact]
    public async Task RunAsync_NameThatIsNone_ErrorAtEveryUse()
    {
        var result = await ProbeAsync(
            """
            { "ReverseProxy": {
              "TcpRoutes": { "r": { "Listen": "127.0.0.1:0", "ClusterId": "c" } },
              "Clusters": { "c": { "Destinations": {
                "a": { "Address": "tcp://nobody.invalid:1" },
                "b": { "Address": "tcp://nobody.invalid:2" },
                "d": { "Address": "tcp://127.0.0.1:3" } } } } } }
            """
        );

        Assert.Equal(
            ["ReverseProxy:Clusters:c:Destinations:a:Address", "ReverseProxy:Clusters:c:Destinations:b:Address"],
            result.Errors.Select(static problem => problem.Path).Order()
        );
    }

    [Theory]
    [InlineData(-10, -1, "expired", true)]
    [InlineData(1, 10, "not valid before", true)]
    [InlineData(-10, 3, "expires at", false)]
    [InlineData(-10, 300, null, false)]
    public async Task RunAsync_CertificateOfKestrel_IsReadAndDated(int from, int until, string? expected, bool error)
    {
        var (certificate, key) = Certificate(from, until);

        var result = await ProbeAsync(
            $$"""
            { "Kestrel": { "Certificates": { "Default": { "Path": "{{certificate}}", "KeyPath": "{{key}}" } } } }
            """
        );

        var problems = error ? result.Errors : result.Warnings;
        Assert.Equal(expected is null ? 0 : 1, result.Errors.Count + result.Warnings.Count);
        Assert.All(problems, problem => Assert.Contains(expected!, problem.Message, StringComparison.Ordinal));
        Assert.Equal(error, result.Revision is null);
    }

    [Fact]
    public async Task RunAsync_CertificateThatIsNoFile_Error()
    {
        var result = await ProbeAsync(
            """{ "Kestrel": { "Certificates": { "Default": { "Path": "/nowhere.pem", "KeyPath": "/nowhere.key" } } } }"""
        );

        Assert.Equal("Kestrel:Certificates:Default", Assert.Single(result.Errors).Path);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static string Route(string listen, string destination) =>
        $$"""
            { "ReverseProxy": {
              "TcpRoutes": { "r": { "Listen": "{{listen}}", "ClusterId": "c" } },
              "Clusters": { "c": { "Destinations": { "d": { "Address": "{{destination}}" } } } } } }
            """;

    private async Task<ReadResult> ProbeAsync(string json, Func<string, string, bool>? runs = null)
    {
        var file = Path.Combine(_folder, "proxy.json");
        await File.WriteAllTextAsync(file, json);
        var root = new ConfigurationBuilder().Add(new JsonFileSource(file)).Build();
        using var disposing = root as IDisposable;
        var read = TcpProxyExtensions.Check(root);
        Assert.Empty(read.Errors);
        return await ConfigProbe.RunAsync(root, read.Revision!, runs ?? (static (_, _) => false), TimeProvider.System);
    }

    private (string Certificate, string Key) Certificate(int fromDays, int untilDays)
    {
        var now = TimeProvider.System.GetUtcNow();
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=test", key, HashAlgorithmName.SHA256);
        using var certificate = request.CreateSelfSigned(now.AddDays(fromDays), now.AddDays(untilDays));
        var (file, keyFile) = (Path.Combine(_folder, "c.pem"), Path.Combine(_folder, "c.key"));
        File.WriteAllText(file, certificate.ExportCertificatePem());
        File.WriteAllText(keyFile, key.ExportPkcs8PrivateKeyPem());
        return (file, keyFile);
    }
}
