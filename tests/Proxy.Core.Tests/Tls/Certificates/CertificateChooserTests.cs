using FsCheck;
using FsCheck.Fluent;
using Proxy.Tls.Certificates;

namespace Proxy.Core.Tests.Tls.Certificates;

public sealed class CertificateChooserTests : IDisposable
{
    private readonly CertificateFolder _folder = new();
    private readonly CertificateStore _store = new(TimeProvider.System);

    [Theory]
    [InlineData("a.example.com", 1)]
    [InlineData("A.Example.COM.", 1)]
    [InlineData("b.example.com", 2)]
    [InlineData("x.b.example.com", 0)] // a wildcard is one label
    [InlineData("example.com", 0)]
    [InlineData(".example.com", 0)]
    [InlineData("x.deep.example.com", 3)]
    [InlineData("xn--bcher-kva.example", 3)]
    [InlineData("*.example.com", 2)] // no client asks for it, and it is no other's
    [InlineData("other.org", 0)]
    [InlineData("", 0)]
    [InlineData(null, 0)]
    public void Choose_Name_ExactThenWildcardThenTheFirst(string? name, int expected)
    {
        string[][] names =
        [
            ["first.example.org"],
            ["a.example.com"],
            ["*.example.com", "a.example.com"],
            ["*.deep.example.com", "XN--BCHER-KVA.example"],
        ];
        ServedCertificate[] served = [.. names.Select(Serve)];

        Assert.Same(served[expected], new CertificateChooser(served).Choose(name));
    }

    [Fact]
    public void Choose_CertificateIsReplaced_ItsNewNamesCount()
    {
        using var one = _folder.Issue("a.example");
        using var two = _folder.Issue("b.example");
        var config = _folder.Pem(one);
        ServedCertificate[] served = [Serve("first.example"), _store.Certificate(config)];
        var chooser = new CertificateChooser(served);
        Assert.Same(served[1], chooser.Choose("a.example"));

        File.WriteAllText(config.KeyPath!, CertificateFolder.KeyOf(two));
        File.WriteAllText(config.Path, CertificateFolder.ChainOf([two]));
        _store.Refresh();

        Assert.Same(served[0], chooser.Choose("a.example"));
        Assert.Same(served[1], chooser.Choose("b.example"));
    }

    [Theory]
    [InlineData("CN=only.example", null, "only.example")]
    [InlineData("CN=Only.Example.", null, "only.example")]
    [InlineData("CN=ignored.example", "a.example", "a.example")]
    [InlineData("CN=ignored.example", "127.0.0.1", null)] // alternative names, and none of them is a DNS name
    [InlineData("O=nothing", null, null)]
    public void Names_CommonName_OnlyWithoutAlternativeNames(string subject, string? alternative, string? expected)
    {
        using var leaf = _folder.Create(subject, _folder.Root, names: alternative is null ? [] : [alternative]);

        Assert.Equal(expected is null ? [] : [expected], _store.Certificate(_folder.Pem(leaf)).Names);
    }

    // As a walk over all certificates would choose.
    [Fact]
    public void Choose_AnyNames_AsRfc6125Says()
    {
        var label = Gen.Elements("a", "b", "c");
        var name = Gen.Choose(1, 3).SelectMany(count => label.ArrayOf(count)).Select(static labels => string.Join('.', labels));
        var pattern = Gen.OneOf(name, name.Select(static one => $"*.{one}"));
        var cases = from names in pattern.ArrayOf(4) from asked in name select (names, asked);

        Check.One(
            Config.QuickThrowOnFailure.WithMaxTest(100),
            Prop.ForAll(
                cases.ToArbitrary(),
                one =>
                {
                    ServedCertificate[] served = [.. one.names.Select(static name => name).Select(name => Serve(name))];
                    var rest = one.asked.Split('.', 2);
                    var expected =
                        served.FirstOrDefault(certificate => certificate.Names[0] == one.asked)
                        ?? served.FirstOrDefault(certificate => rest.Length == 2 && certificate.Names[0] == $"*.{rest[1]}")
                        ?? served[0];
                    return ReferenceEquals(expected, new CertificateChooser(served).Choose(one.asked))
                        && served.All(certificate =>
                            certificate.Covers(one.asked)
                            == (certificate.Names[0] == one.asked || (rest.Length == 2 && certificate.Names[0] == $"*.{rest[1]}"))
                        );
                }
            )
        );
    }

    public void Dispose() => _folder.Dispose();

    private ServedCertificate Serve(params string[] names)
    {
        using var leaf = _folder.Issue(names);
        return _store.Certificate(_folder.Pem(leaf));
    }
}
