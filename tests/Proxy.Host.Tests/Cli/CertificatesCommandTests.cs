using System.Security.Cryptography.X509Certificates;
using Proxy.Host.Tests.Support;

namespace Proxy.Host.Tests.Cli;

public sealed class CertificatesCommandTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("certificates-").FullName;

    [Fact]
    public async Task Run_Twice_KeepsTheAuthorityAndIssuesBoth()
    {
        Assert.Equal(0, (await RunAsync("A_1", "--group", "prod", "--domain", "example.com")).ExitCode);
        var authority = await File.ReadAllTextAsync(Path.Combine(_folder, "ca.crt"));

        var (exit, output, _) = await RunAsync("A_2");

        Assert.Equal(0, exit);
        Assert.Contains("A_2.crt spiffe://example.org/c/dev/i/A_2", output, StringComparison.Ordinal);
        Assert.Equal(authority, await File.ReadAllTextAsync(Path.Combine(_folder, "ca.crt")));
        Assert.All((string[])["A_1", "A_2"], IsIssued);
    }

    // Files that are joined by cat, as of a bundle of authorities, would otherwise have two PEM lines in one.
    [Fact]
    public async Task Run_EveryFile_EndsWithANewline()
    {
        Assert.Equal(0, (await RunAsync("A_1")).ExitCode);

        Assert.Equal(4, Directory.GetFiles(_folder).Length);
        Assert.All(
            Directory.GetFiles(_folder),
            static file => Assert.EndsWith("-----\n", File.ReadAllText(file), StringComparison.Ordinal)
        );
    }

    [Fact]
    public async Task Run_Keys_AreReadableOnlyByTheirOwner()
    {
        Assert.Equal(0, (await RunAsync("A_1")).ExitCode);

        foreach (var file in OperatingSystem.IsWindows() ? [] : Directory.GetFiles(_folder, "*.key"))
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, new FileInfo(file).UnixFileMode);
        }
    }

    [Fact]
    public async Task Run_ForcedOverAKeyThatAllMayRead_NewOneIsReadableOnlyByItsOwner()
    {
        var key = Path.Combine(_folder, "A_1.key");
        await File.WriteAllTextAsync(key, "old");
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(key, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
        }

        Assert.Equal(0, (await RunAsync("A_1", "--force")).ExitCode);

        IsIssued("A_1");
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(key));
        }

        Assert.Equal(4, Directory.GetFiles(_folder).Length);
    }

    [Fact]
    public async Task Run_KeyExists_RefusedUnlessForcedAndNothingIsWritten()
    {
        Assert.Equal(0, (await RunAsync("A_1")).ExitCode);
        var before = await File.ReadAllTextAsync(Path.Combine(_folder, "A_1.key"));
        var authority = await File.ReadAllTextAsync(Path.Combine(_folder, "ca.crt"));

        var (exit, _, errors) = await RunAsync("A_2", "A_1");

        Assert.Equal(2, exit);
        Assert.Contains("A_1.crt and 1 more file", errors, StringComparison.Ordinal);
        Assert.Contains("--force", errors, StringComparison.Ordinal);
        Assert.Equal(before, await File.ReadAllTextAsync(Path.Combine(_folder, "A_1.key")));
        Assert.False(File.Exists(Path.Combine(_folder, "A_2.key")));
        Assert.Equal(0, (await RunAsync("A_2", "A_1", "--force")).ExitCode);
        Assert.NotEqual(before, await File.ReadAllTextAsync(Path.Combine(_folder, "A_1.key")));
        Assert.Equal(authority, await File.ReadAllTextAsync(Path.Combine(_folder, "ca.crt")));
        Assert.All((string[])["A_1", "A_2"], IsIssued);
    }

    [Fact]
    public async Task Run_FileOfAServer_Refused()
    {
        var (exit, _, errors) = await ProxyProcess.RunAsync("certificates", "server", "--name", "api", "--folder", _folder);
        Assert.True(exit == 0, errors);
        var before = await File.ReadAllTextAsync(Path.Combine(_folder, "api.key"));

        Assert.Equal(2, (await RunAsync("api")).ExitCode);

        Assert.Equal(before, await File.ReadAllTextAsync(Path.Combine(_folder, "api.key")));
    }

    [Theory]
    [InlineData("ca.crt", "has ca.crt and no ca.key")]
    [InlineData("ca.key", "has ca.key and no ca.crt")]
    public async Task Run_HalfAnAuthority_ExplainedAndKept(string kept, string error)
    {
        Assert.Equal(0, (await RunAsync("A_1")).ExitCode);
        var before = await File.ReadAllTextAsync(Path.Combine(_folder, kept));
        File.Delete(Path.Combine(_folder, kept == "ca.crt" ? "ca.key" : "ca.crt"));

        var (exit, _, errors) = await RunAsync("A_2", "--force");

        Assert.Equal(2, exit);
        Assert.Contains(error, errors, StringComparison.Ordinal);
        Assert.Equal(before, await File.ReadAllTextAsync(Path.Combine(_folder, kept)));
        Assert.Equal(3, Directory.GetFiles(_folder).Length);
    }

    [Theory]
    [InlineData("A_1", "server")]
    [InlineData("A_1", "server", "--name", "a.example")]
    [InlineData("Server")]
    public async Task Run_InstanceNamedServer_ReservedAndExplained(params string[] arguments)
    {
        var (exit, _, errors) = await RunAsync(arguments);

        Assert.NotEqual(0, exit);
        Assert.Contains("'server' is reserved for the command", errors, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(_folder));
    }

    [Theory]
    [InlineData("../A_1")]
    [InlineData("A_1", "--domain", "not a name")]
    [InlineData("A_1", "--domain", "Example.org")]
    [InlineData("A_1", "--days", "0")]
    [InlineData("A_1", "--group", "a/../b")]
    [InlineData("A_1", "--group", "")]
    [InlineData("A_1_")]
    [InlineData("ca")]
    [InlineData("A_1", "CA")]
    public async Task Run_BadArguments_ExitsWithTwoAndWritesNothing(params string[] arguments)
    {
        var (exit, _, errors) = await RunAsync(arguments);

        Assert.Equal(2, exit);
        Assert.NotEmpty(errors);
        Assert.Empty(Directory.GetFileSystemEntries(_folder));
    }

    [Fact]
    public async Task Run_AuthorityKeyDoesNotMatch_ExitsWithTwoAndOneLine()
    {
        Assert.Equal(0, (await RunAsync("A_1")).ExitCode);
        File.Copy(Path.Combine(_folder, "A_1.key"), Path.Combine(_folder, "ca.key"), overwrite: true);

        var (exit, _, errors) = await RunAsync("A_2");

        Assert.Equal(2, exit);
        Assert.Single(errors.Trim().Split('\n'));
        Assert.False(File.Exists(Path.Combine(_folder, "A_2.crt")));
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private Task<(int ExitCode, string Output, string Errors)> RunAsync(params string[] arguments) =>
        ProxyProcess.RunAsync(["certificates", "--folder", _folder, .. arguments]);

    private void IsIssued(string id)
    {
        using var authority = X509CertificateLoader.LoadCertificateFromFile(Path.Combine(_folder, "ca.crt"));
        using var certificate = X509Certificate2.CreateFromPemFile(Path.Combine(_folder, $"{id}.crt"), Path.Combine(_folder, $"{id}.key"));
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.CustomTrustStore.Add(authority);

        Assert.True(chain.Build(certificate));
        Assert.True(certificate.HasPrivateKey);
    }
}
