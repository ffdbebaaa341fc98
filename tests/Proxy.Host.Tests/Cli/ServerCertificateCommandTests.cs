using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using Proxy.Host.Tests.EndToEnd.Servers;
using Proxy.Host.Tests.Support;
using Proxy.Tls.Certificates;

namespace Proxy.Host.Tests.Cli;

public sealed class ServerCertificateCommandTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("certificates-").FullName;

    [Fact]
    public async Task Run_SomeNames_OneCertificateThatTheProxyAndItsPeersTake()
    {
        var (exit, output, errors) = await RunAsync("--name", "www.example.com", "--name", "*.example.com", "--name", "127.0.0.1");

        Assert.True(exit == 0, errors);
        Assert.Equal($"{In("www.example.com.crt")} www.example.com *.example.com 127.0.0.1\n", output.ReplaceLineEndings("\n"));
        var store = new CertificateStore(TimeProvider.System);
        var served = store.Certificate(new() { Path = In("www.example.com.crt"), KeyPath = In("www.example.com.key") });
        Assert.Equal(["www.example.com", "*.example.com"], served.Names);
        Assert.Empty(CertificateWarnings.Of(served.Loaded, CertificateUse.Server, TimeProvider.System.GetUtcNow()));
        var trust = store.Trust(In("ca.crt"), null);
        foreach (var name in (string[])["www.example.com", "a.example.com", "127.0.0.1"])
        {
            Assert.Null(trust.Refusal(served.Leaf, [], CertificateUse.Server, name));
        }

        Assert.Null(trust.Refusal(served.Leaf, [], CertificateUse.Client, null));
        Assert.NotNull(trust.Refusal(served.Leaf, [], CertificateUse.Server, "example.org"));
    }

    [RealServerFact("openssl")]
    public async Task Run_Certificate_StrictVerifiersTakeIt()
    {
        Assert.Equal(0, (await RunAsync("--name", "a.example")).ExitCode);

        var said = await Programs.RunAsync("openssl", "", "verify", "-x509_strict", "-CAfile", In("ca.crt"), In("a.example.crt"));

        Assert.EndsWith("OK", said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_Twice_KeepsTheAuthority()
    {
        Assert.Equal(0, (await RunAsync("--name", "a.example")).ExitCode);
        var authority = await File.ReadAllTextAsync(In("ca.crt"));

        Assert.Equal(0, (await RunAsync("--name", "*.b.example")).ExitCode);

        Assert.Equal(authority, await File.ReadAllTextAsync(In("ca.crt")));
        Assert.True(File.Exists(In("_.b.example.key")));
    }

    [Fact]
    public async Task Run_NameOfFilesThatExist_RefusedUnlessForced()
    {
        Assert.Equal(0, (await RunAsync("--name", "a.example")).ExitCode);
        var before = await File.ReadAllTextAsync(In("a.example.key"));

        var (exit, _, errors) = await RunAsync("--name", "A.example", "--name", "b.example");

        Assert.Equal(2, exit);
        Assert.Contains($"{In("a.example.crt")} and 1 more file", errors, StringComparison.Ordinal);
        Assert.Equal(before, await File.ReadAllTextAsync(In("a.example.key")));
        Assert.Equal(0, (await RunAsync("--name", "a.example", "--force")).ExitCode);
        Assert.NotEqual(before, await File.ReadAllTextAsync(In("a.example.key")));
    }

    [Fact]
    public async Task Run_Keys_AreReadableOnlyByTheirOwner()
    {
        Assert.Equal(0, (await RunAsync("--name", "a.example")).ExitCode);

        Assert.Equal(2, Directory.GetFiles(_folder, "*.key").Length);
        foreach (var file in OperatingSystem.IsWindows() ? [] : Directory.GetFiles(_folder, "*.key"))
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, new FileInfo(file).UnixFileMode);
        }
    }

    [Fact]
    public async Task Run_Days_UntilThen()
    {
        Assert.Equal(0, (await RunAsync("--name", "a.example", "--days", "7")).ExitCode);

        using var certificate = X509CertificateLoader.LoadCertificateFromFile(In("a.example.crt"));
        Assert.InRange((certificate.NotAfter - certificate.NotBefore).TotalDays, 6.9, 7.1);
    }

    [Fact]
    public async Task Run_Json_NamesTheFiles()
    {
        var (exit, output, _) = await RunAsync("--name", "a.example", "-o", "json");

        Assert.Equal(0, exit);
        using var json = JsonDocument.Parse(output);
        Assert.Equal(In("a.example.crt"), json.RootElement.GetProperty("certificate").GetString());
        Assert.Equal(In("a.example.key"), json.RootElement.GetProperty("key").GetString());
        Assert.Equal(In("ca.crt"), json.RootElement.GetProperty("authority").GetString());
        Assert.Equal("a.example", json.RootElement.GetProperty("names")[0].GetString());
    }

    [Theory]
    [InlineData]
    [InlineData("--name", "")]
    [InlineData("--name", "../a")]
    [InlineData("--name", "a b")]
    [InlineData("--name", "bücher.example")]
    [InlineData("--name", "a.*.example")]
    [InlineData("--name", "*")]
    [InlineData("--name", "CA")]
    [InlineData("--name", "10")]
    [InlineData("--name", "1.2.3")]
    [InlineData("--name", "0x7f.1")]
    [InlineData("--name", "[::1]:443")]
    [InlineData("--name", "a.example", "--days", "0")]
    [InlineData("--name", "a.example", "--days", "3651")]
    public async Task Run_BadArguments_ExitsWithTwoAndWritesNothing(params string[] arguments)
    {
        var (exit, _, errors) = await RunAsync(arguments);

        Assert.Equal(2, exit);
        Assert.NotEmpty(errors);
        Assert.Empty(Directory.GetFileSystemEntries(_folder));
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private string In(string name) => Path.Combine(_folder, name);

    private Task<(int ExitCode, string Output, string Errors)> RunAsync(params string[] arguments) =>
        ProxyProcess.RunAsync(["certificates", "server", "--folder", _folder, .. arguments]);
}
