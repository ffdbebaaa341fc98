using Microsoft.Extensions.Logging;
using Proxy.Configuration.Tls;
using Proxy.Tls.Certificates;

namespace Proxy.Core.Tests.Tls.Certificates;

/// <summary>Files that change under a program that runs.</summary>
public sealed class CertificateStoreTests : IDisposable
{
    private readonly CertificateFolder _folder = new();
    private readonly LogLines _log = new();
    private readonly CertificateStore _store;

    public CertificateStoreTests() => _store = new(TimeProvider.System, _log.CreateLogger<CertificateStore>());

    [Fact]
    public void Certificate_SameConfiguration_IsOneAndNotReadAgain()
    {
        using var leaf = _folder.Issue("a.example");
        var config = _folder.Pem(leaf);
        var certificate = _store.Certificate(config);
        File.Delete(config.Path);

        Assert.Same(certificate, _store.Certificate(config with { }));
        Assert.Throws<CertificateException>(() => _store.Certificate(config with { Password = "x" }));
    }

    [Fact]
    public void Keep_NotNamed_IsForgotten()
    {
        using var leaf = _folder.Issue("a.example");
        var (kept, gone) = (_folder.Pem(leaf), _folder.Pem(leaf));
        var certificate = _store.Certificate(kept);
        _store.Certificate(gone);
        var (bundle, system) = (_store.Trust(_folder.Bundle(), null), _store.SystemTrust(null));

        _store.Keep([kept], [("", null)]);

        Assert.Same(certificate, _store.Find(kept));
        Assert.Null(_store.Find(gone));
        Assert.Same(system, _store.SystemTrust(null));
        Assert.NotSame(bundle, _store.Trust(_folder.Bundle(), null));
    }

    [Fact]
    public async Task Refresh_OneIsAPipe_OthersAreRead()
    {
        using var one = _folder.Issue("a.example");
        using var two = _folder.Issue("b.example");
        var (bad, good) = (_folder.Pem(one), _folder.Pem(one));
        var (kept, replaced) = (_store.Certificate(bad), _store.Certificate(good));
        File.Delete(bad.Path);
        using (var made = System.Diagnostics.Process.Start("mkfifo", [bad.Path]))
        {
            await made.WaitForExitAsync();
        }

        Replace(good, two, "edit");
        await Task.Run(_store.Refresh).WaitAsync(Eventually.Limit);

        Assert.Equal(["b.example"], replaced.Names);
        Assert.Equal(["a.example"], kept.Names);
        Assert.Equal($"{bad.Path} is empty, or no regular file.", kept.Problem?.Text);
    }

    [Theory]
    [InlineData("edit")]
    [InlineData("rename")]
    public void Refresh_Replaced_NewOneIsUsedAndTold(string how)
    {
        using var one = _folder.Issue("a.example");
        using var two = _folder.Issue("a.example", "b.example");
        var config = _folder.Pem(one);
        var certificate = _store.Certificate(config);
        var context = certificate.Context;
        _store.Refresh();
        Assert.Same(context, certificate.Context);

        Replace(config, two, how);
        _store.Refresh();

        Assert.NotSame(context, certificate.Context);
        Assert.Equal(two.Thumbprint, certificate.Leaf.Thumbprint);
        Assert.True(certificate.Covers("b.example"));
        Assert.Equal(one.Thumbprint, context.TargetCertificate.Thumbprint); // open connections keep theirs
        Assert.Equal(
            $"Information: The certificate {config.Path} was replaced: it is for 'a.example', 'b.example', valid until {certificate.Loaded.NotAfter.UtcDateTime:u}.",
            Assert.Single(_log.All)
        );
    }

    // As Kubernetes mounts secrets: a link to a folder that is swapped, and links through it that never change.
    [Fact]
    public void Refresh_FolderBehindTheirLinksIsSwapped_NewOneIsUsed()
    {
        using var one = _folder.Issue("a.example");
        using var two = _folder.Issue("b.example");
        var data = _folder.In("..data");
        Directory.CreateSymbolicLink(data, Folder("one", _folder.Pem(one)));
        foreach (var name in (string[])["tls.crt", "tls.key"])
        {
            File.CreateSymbolicLink(_folder.In(name), Path.Combine("..data", name));
        }

        var certificate = _store.Certificate(new() { Path = _folder.In("tls.crt"), KeyPath = _folder.In("tls.key") });
        Assert.Equal(["a.example"], certificate.Names);

        Directory.CreateSymbolicLink($"{data}.new", Folder("two", _folder.Pem(two)));
        Directory.Delete(data);
        Directory.Move($"{data}.new", data);
        _store.Refresh();

        Assert.Equal(["b.example"], certificate.Names);
    }

    [Theory]
    [InlineData("certificate")]
    [InlineData("key")]
    public void Refresh_OnlyOneOfThePairIsThere_OldOneStaysUntilBothAre(string first)
    {
        using var one = _folder.Issue("a.example");
        using var two = _folder.Issue("b.example");
        var (config, next) = (_folder.Pem(one), _folder.Pem(two));
        var certificate = _store.Certificate(config);

        File.Copy(first == "key" ? next.KeyPath! : next.Path, first == "key" ? config.KeyPath! : config.Path, overwrite: true);
        _store.Refresh();
        _store.Refresh();
        Assert.Equal(["a.example"], certificate.Names);
        Assert.Contains("does not belong to", certificate.Problem?.Text, StringComparison.Ordinal);
        var line = Assert.Single(_log.All); // told once
        Assert.StartsWith(
            $"Warning: The files of the certificate {config.Path} have changed and cannot be used",
            line,
            StringComparison.Ordinal
        );

        Replace(config, two, "edit");
        _store.Refresh();
        Assert.Equal(["b.example"], certificate.Names);
        Assert.Null(certificate.Problem);
    }

    [Theory]
    [InlineData("")]
    [InlineData("-----BEGIN CERTIFICATE-----\nMIIB")]
    [InlineData(null)]
    public void Refresh_EmptyHalfOrGone_OldOneStaysAndItsReturnIsFound(string? text)
    {
        using var leaf = _folder.Issue("a.example");
        var config = _folder.Pem(leaf);
        var before = File.ReadAllText(config.Path);
        var certificate = _store.Certificate(config);
        var context = certificate.Context;

        File.Delete(config.Path);
        File.WriteAllText(text is null ? _folder.In("elsewhere") : config.Path, text);
        _store.Refresh();
        Assert.NotNull(certificate.Problem);

        File.WriteAllText(config.Path, before);
        _store.Refresh();
        Assert.Null(certificate.Problem);
        Assert.Same(context, certificate.Context); // the same content is not loaded again
    }

    [Fact]
    public void Refresh_ChangedUnderTheSameTimeAndSize_IsFound()
    {
        using var one = _folder.Issue("a.example");
        using var two = _folder.Issue("b.example");
        var config = _folder.Pem(one);
        var certificate = _store.Certificate(config);
        var times = new[] { config.Path, config.KeyPath! }.Select(File.GetLastWriteTimeUtc).ToList();

        Replace(config, two, "edit");
        File.SetLastWriteTimeUtc(config.Path, times[0]);
        File.SetLastWriteTimeUtc(config.KeyPath!, times[1]);
        _store.Refresh();

        Assert.Equal(["b.example"], certificate.Names);
    }

    [Fact]
    public void Certificate_ExpiredAtFirst_IsServed()
    {
        using var old = _folder.Create("CN=old", _folder.Root, valid: (_folder.Now.AddDays(-9), _folder.Now.AddDays(-8)));

        Assert.Equal(old.Thumbprint, _store.Certificate(_folder.Pem(old)).Leaf.Thumbprint);
    }

    [Theory]
    [InlineData(-9, -8, "the new certificate expired at")]
    [InlineData(8, 9, "the new certificate is not valid before")]
    public void Refresh_NewOneIsNotValidNow_PresentOneStays(int from, int until, string problem)
    {
        using var present = _folder.Issue("a.example");
        using var next = _folder.Create("CN=b", _folder.Root, valid: (_folder.Now.AddDays(from), _folder.Now.AddDays(until)));
        var config = _folder.Pem(present);
        var certificate = _store.Certificate(config);

        Replace(config, next, "edit");
        _store.Refresh();

        Assert.Equal(present.Thumbprint, certificate.Leaf.Thumbprint);
        Assert.StartsWith(problem, certificate.Problem?.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void Refresh_NewOneBecomesValid_IsUsedFromThenOn()
    {
        var time = new ManualTime();
        var store = new CertificateStore(time);
        var now = time.GetUtcNow();
        using var present = _folder.Create("CN=a", _folder.Root, valid: (now.AddDays(-1), now.AddDays(1)));
        using var next = _folder.Create("CN=b", _folder.Root, valid: (now.AddHours(1), now.AddDays(9)));
        var config = _folder.Pem(present);
        var certificate = store.Certificate(config);
        Replace(config, next, "edit");
        store.Refresh();
        Assert.Equal(present.Thumbprint, certificate.Leaf.Thumbprint);

        time.Advance(TimeSpan.FromHours(1));
        store.Refresh();

        Assert.Equal(next.Thumbprint, certificate.Leaf.Thumbprint);
    }

    [Fact]
    public void Refresh_BundleAndList_AreReplacedOrStay()
    {
        using var other = new CertificateFolder();
        using var ours = _folder.Issue("a.example");
        using var theirs = other.Issue("a.example");
        var path = _folder.Bundle();
        var list = _folder.Write("list", _folder.List(_folder.Root));
        var bundle = _store.Trust(path, list);
        Assert.Null(Refusal(ours));

        File.WriteAllBytes(list, _folder.List(_folder.Root, null, ours));
        _store.Refresh();
        Assert.Contains("was revoked", Refusal(ours), StringComparison.Ordinal);

        File.WriteAllText(path, "");
        _store.Refresh();
        Assert.Contains("is empty", bundle.Problem?.Text, StringComparison.Ordinal);
        Assert.Contains("was revoked", Refusal(ours), StringComparison.Ordinal);

        File.WriteAllText(path, other.Root.ExportCertificatePem());
        File.WriteAllBytes(list, other.List(other.Root));
        _store.Refresh();
        Assert.Null(Refusal(theirs));
        Assert.Contains("which is none of the authorities", Refusal(ours), StringComparison.Ordinal);
        Assert.Equal(["Information", "Warning", "Information"], _log.All.Select(static line => line.Split(':')[0]));

        string? Refusal(System.Security.Cryptography.X509Certificates.X509Certificate2 leaf) =>
            bundle.Refusal(leaf, [], CertificateUse.Client, null);
    }

    [Fact]
    public async Task Follower_FiveSeconds_ReadsAgain()
    {
        var time = new ManualTime();
        using var one = _folder.Issue("a.example");
        using var two = _folder.Issue("b.example");
        var config = _folder.Pem(one);
        var store = new CertificateStore(TimeProvider.System);
        var certificate = store.Certificate(config);
        await using var follower = new CertificateFollower(
            store,
            time,
            Microsoft.Extensions.Logging.Abstractions.NullLogger<CertificateFollower>.Instance
        );
        await follower.StartAsync(CancellationToken.None);
        Replace(config, two, "edit");
        Assert.Equal(["a.example"], certificate.Names);

        time.Advance(CertificateFollower.Interval);

        Assert.Equal(["b.example"], certificate.Names);
    }

    public void Dispose()
    {
        _log.Dispose();
        _folder.Dispose();
    }

    private void Replace(CertificateConfig config, System.Security.Cryptography.X509Certificates.X509Certificate2 next, string how)
    {
        var files = _folder.Pem(next);
        foreach (var (from, to) in new[] { (files.KeyPath!, config.KeyPath!), (files.Path, config.Path) })
        {
            if (how == "rename")
            {
                File.Move(from, to, overwrite: true);
            }
            else
            {
                File.Copy(from, to, overwrite: true);
            }
        }
    }

    private string Folder(string name, CertificateConfig config)
    {
        var folder = Directory.CreateDirectory(_folder.In(name)).FullName;
        File.Copy(config.Path, Path.Combine(folder, "tls.crt"));
        File.Copy(config.KeyPath!, Path.Combine(folder, "tls.key"));
        return folder;
    }
}
