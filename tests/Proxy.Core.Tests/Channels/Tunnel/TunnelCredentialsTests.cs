using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Proxy.Channels.Tunnel;
using Proxy.Configuration.Channels;

namespace Proxy.Core.Tests.Channels.Tunnel;

/// <summary>Files that change under a program that runs.</summary>
public sealed class TunnelCredentialsTests : IDisposable
{
    private readonly TestAuthority _authority = new();
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("credentials-");

    // As secrets are mounted: a link to a folder that is swapped, and links through it that never change.
    [Fact]
    public void Files_FolderBehindTheirLinksIsSwapped_AreReadAgain()
    {
        using var other = new TestAuthority();
        var (one, two) = (Folder("one", _authority), Folder("two", other));
        var data = Path.Combine(_folder.FullName, "..data");
        Directory.CreateSymbolicLink(data, one);
        foreach (var name in (string[])["tls.crt", "tls.key", "ca.crt"])
        {
            File.CreateSymbolicLink(In(name), Path.Combine("..data", name));
        }

        var credentials = Create(new() { Path = In("tls.crt"), KeyPath = In("tls.key") }, In("ca.crt"));
        var (shown, version) = (credentials.Certificate.TargetCertificate.Thumbprint, credentials.Version);

        Directory.CreateSymbolicLink($"{data}.new", two);
        Directory.Delete(data);
        Directory.Move($"{data}.new", data);

        Assert.NotEqual(shown, credentials.Certificate.TargetCertificate.Thumbprint);
        Assert.Equal(version + 1, credentials.Version);
        using var ours = _authority.Create(TestAuthority.Uri("B_1"));
        using var theirs = other.Create(TestAuthority.Uri("B_1"));
        Assert.Null(credentials.Verify(ours, null, server: false));
        Assert.NotNull(credentials.Verify(theirs, null, server: false));
    }

    [Fact]
    public void Files_ChangedUnderTheSameTime_AreReadAgain()
    {
        var config = _authority.Issue(TestAuthority.Uri("A_1"));
        var credentials = Create(config, _authority.Bundle);
        var shown = credentials.Certificate.TargetCertificate.Thumbprint;
        var (certificateTime, keyTime) = (File.GetLastWriteTimeUtc(config.Path), File.GetLastWriteTimeUtc(config.KeyPath));

        Replace(config, _authority.Issue(TestAuthority.Uri("A_1")));
        File.SetLastWriteTimeUtc(config.Path, certificateTime);
        File.SetLastWriteTimeUtc(config.KeyPath, keyTime);

        Assert.NotEqual(shown, credentials.Certificate.TargetCertificate.Thumbprint);
    }

    [Fact]
    public void Files_KeyIsAheadOfItsCertificate_OldOnesStayUntilBothAreThere()
    {
        var config = _authority.Issue(TestAuthority.Uri("A_1"));
        var credentials = Create(config, _authority.Bundle);
        var shown = credentials.Certificate.TargetCertificate.Thumbprint;
        var next = _authority.Issue(TestAuthority.Uri("A_1"));

        File.Copy(next.KeyPath, config.KeyPath, overwrite: true);
        Assert.Equal(shown, credentials.Certificate.TargetCertificate.Thumbprint);

        File.Copy(next.Path, config.Path, overwrite: true);
        Assert.NotEqual(shown, credentials.Certificate.TargetCertificate.Thumbprint);
    }

    [Theory]
    [InlineData("")]
    [InlineData("# none\n")]
    [InlineData("-----BEGIN CERTIFICATE-----\nMIIB")]
    public void Files_BundleWithoutACertificate_OldAuthoritiesStay(string text)
    {
        var bundle = In("ca.crt");
        File.Copy(_authority.Bundle, bundle);
        var credentials = Create(_authority.Issue(TestAuthority.Uri("A_1")), bundle);
        using var peer = _authority.Create(TestAuthority.Uri("B_1"));
        Assert.NotNull(credentials.Verify(peer, null, server: false));
        var version = credentials.Version;

        File.WriteAllText(bundle, text);

        Assert.NotNull(credentials.Verify(peer, null, server: false));
        Assert.Equal(version, credentials.Version);
    }

    [Fact]
    public void Files_LastOfTheBundleIsHalfWritten_OldAuthoritiesStay()
    {
        using var second = new TestAuthority();
        var bundle = In("ca.crt");
        File.Copy(_authority.Bundle, bundle);
        File.AppendAllText(bundle, "\n" + File.ReadAllText(second.Bundle));
        var credentials = Create(_authority.Issue(TestAuthority.Uri("A_1")), bundle);
        using var peer = second.Create(TestAuthority.Uri("B_1"));
        Assert.NotNull(credentials.Verify(peer, null, server: false));

        File.WriteAllText(bundle, File.ReadAllText(bundle)[..^100]);

        Assert.NotNull(credentials.Verify(peer, null, server: false));
    }

    [Fact]
    public void Files_BundleIsEmptyAtTheStart_IsAnError()
    {
        var bundle = In("ca.crt");
        File.WriteAllText(bundle, "");

        Assert.Throws<IOException>(() => Create(_authority.Issue(TestAuthority.Uri("A_1")), bundle).Version);
    }

    [Fact]
    public void Files_OwnCertificateIsRenewed_AuthoritiesAreTheSame()
    {
        var config = _authority.Issue(TestAuthority.Uri("A_1"));
        var credentials = Create(config, _authority.Bundle);
        var (shown, version) = (credentials.Certificate.TargetCertificate.Thumbprint, credentials.Version);

        Replace(config, _authority.Issue(TestAuthority.Uri("A_1")));

        Assert.NotEqual(shown, credentials.Certificate.TargetCertificate.Thumbprint);
        Assert.Equal(version, credentials.Version); // nobody's connection is judged again
    }

    [Fact]
    public void Verify_Expired_IsNobodyButItsConnectionStays()
    {
        using var expired = _authority.CreateExpired(TestAuthority.Uri("B_1"));
        var credentials = Create(_authority.Issue(TestAuthority.Uri("A_1")), _authority.Bundle);

        Assert.Null(credentials.Verify(expired, null, server: false));
        Assert.Equal("B_1", credentials.Review(expired, server: false)?.Instance);
    }

    [Fact]
    public void Verify_Refused_IsToldOnceWithTheReason()
    {
        using var log = new LogLines();
        var credentials = Create(_authority.Issue(TestAuthority.Uri("A_1")), _authority.Bundle, log);
        using var stranger = _authority.Create(TestAuthority.Uri("B_1", "test"));

        credentials.Verify(stranger, null, server: false);
        credentials.Verify(stranger, null, server: false);

        Assert.Equal(
            "Warning: The tunnel refuses the certificate of a caller, 'spiffe://example.org/c/test/i/B_1', and closes the connection: it belongs to another group or trust domain.",
            Assert.Single(log.All)
        );
    }

    [Fact]
    public void Verify_CertificateThatMayIssueOthers_IsNobody()
    {
        using var authority = _authority.CreateAuthority(TestAuthority.Uri("B_1"));

        Assert.Null(Create(_authority.Issue(TestAuthority.Uri("A_1")), _authority.Bundle).Verify(authority, null, server: false));
    }

    public void Dispose()
    {
        _authority.Dispose();
        _folder.Delete(recursive: true);
    }

    private static void Replace(CertificateConfig config, CertificateConfig next)
    {
        File.Copy(next.Path, config.Path, overwrite: true);
        File.Copy(next.KeyPath, config.KeyPath, overwrite: true);
    }

    private static TunnelCredentials Create(CertificateConfig certificate, string bundle, ILogger? logger = null) =>
        new(
            new()
            {
                Certificate = certificate,
                TrustBundle = bundle,
                TrustDomain = TestAuthority.Domain,
            },
            TestAuthority.Group,
            logger ?? NullLogger.Instance
        );

    private string In(string name) => Path.Combine(_folder.FullName, name);

    private string Folder(string name, TestAuthority authority)
    {
        var folder = Directory.CreateDirectory(In(name)).FullName;
        var config = authority.Issue(TestAuthority.Uri("A_1"));
        File.Copy(config.Path, Path.Combine(folder, "tls.crt"));
        File.Copy(config.KeyPath, Path.Combine(folder, "tls.key"));
        File.Copy(authority.Bundle, Path.Combine(folder, "ca.crt"));
        return folder;
    }
}
