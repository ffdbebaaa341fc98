using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using FsCheck;
using FsCheck.Fluent;
using Proxy.Tls.Certificates;

namespace Proxy.Core.Tests.Tls.Certificates;

/// <summary>Lists as .NET and OpenSSL write them.</summary>
public sealed class RevocationListTests : IDisposable
{
    private readonly CertificateFolder _folder = new();

    [Theory]
    [InlineData("pem")]
    [InlineData("der")]
    public void Refusal_RevokedLeaf_SaysWhichAndWhen(string form)
    {
        using var good = _folder.Issue("a.example");
        using var bad = _folder.Issue("b.example");
        var bundle = Bundle(form, _folder.List(_folder.Root, null, bad));

        Assert.Null(Refusal(bundle, good));
        Assert.Equal(
            $"'CN=b.example' (serial number {bad.SerialNumber}) was revoked at {_folder.Now.AddHours(-1).UtcDateTime:u}",
            Refusal(bundle, bad)
        );
    }

    [Fact]
    public void Refusal_AuthoritySignsWithRsa_Verified()
    {
        using var key = RSA.Create(2048);
        using var root = _folder.Create("CN=rsa", null, isAuthority: true, key: key);
        using var bad = _folder.Create("CN=bad", root);
        using var good = _folder.Create("CN=good", root);
        var bundle = new TrustBundle(
            _folder.Write("rsa.pem", root.ExportCertificatePem()),
            _folder.Write("rsa.crl", _folder.List(root, null, bad)),
            TimeProvider.System
        );

        Assert.Null(Refusal(bundle, good));
        Assert.Contains("was revoked at", Refusal(bundle, bad), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("pem")]
    [InlineData("der")]
    public void Refusal_RevokedIntermediate_RefusesWhatItHasIssued(string form)
    {
        using var between = _folder.Authority("between");
        using var leaf = _folder.Create("CN=a", between, names: ["a.example"]);
        var own = _folder.List(between);

        Assert.Null(Refusal(Bundle(form, _folder.List(_folder.Root), own), leaf, between));
        Assert.StartsWith(
            "'CN=between' (serial",
            Refusal(Bundle(form, _folder.List(_folder.Root, null, between), own), leaf, between),
            StringComparison.Ordinal
        );
    }

    // As with nginx and HAProxy: every authority of the chain needs a list.
    [Fact]
    public void Refusal_AuthorityWithoutAList_Refused()
    {
        using var between = _folder.Authority("between");
        using var leaf = _folder.Create("CN=a", between, names: ["a.example"]);

        Assert.StartsWith(
            "there is no revocation list of 'CN=between' in ",
            Refusal(Bundle("pem", _folder.List(_folder.Root)), leaf, between),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void Refusal_ListIsOver_RefusedUntilItIsReplaced()
    {
        var over = _folder.Now.AddHours(-2);
        using var leaf = _folder.Issue("a.example");

        Assert.Equal(
            $"the revocation list of '{_folder.Root.Subject}' in {_folder.In("lists")} is over since {over.UtcDateTime:u}; replace it",
            Refusal(Bundle("pem", _folder.List(_folder.Root, over)), leaf)
        );
        Assert.Null(Refusal(Bundle("pem", _folder.List(_folder.Root, over), _folder.List(_folder.Root)), leaf));
    }

    [Fact]
    public void Refusal_ListBeginsLater_RefusedUntilThen()
    {
        var time = new ManualTime();
        using var folder = new CertificateFolder { Now = time.GetUtcNow() };
        using var root = folder.Create("CN=root", null, isAuthority: true);
        using var leaf = folder.Create("CN=a", root);
        var begin = time.GetUtcNow().AddMinutes(1);
        var list = new CertificateRevocationListBuilder().Build(root, 1, begin.AddDays(1), HashAlgorithmName.SHA256, null, begin);
        var bundle = new TrustBundle(folder.Write("ca", root.ExportCertificatePem()), folder.Write("lists", list), time);

        Assert.Equal(
            $"the revocation list of 'CN=root' in {folder.In("lists")} is not valid before {begin.UtcDateTime:u}",
            Refusal(bundle, leaf)
        );
        time.Advance(TimeSpan.FromMinutes(2));
        Assert.Null(Refusal(bundle, leaf));
    }

    // What an old list has revoked is not forgotten by a newer one beside it.
    [Fact]
    public void Refusal_TwoListsOfOneAuthority_BothCount()
    {
        using var leaf = _folder.Issue("a.example");

        Assert.NotNull(Refusal(Bundle("der", _folder.List(_folder.Root, null, leaf), _folder.List(_folder.Root)), leaf));
    }

    [Fact]
    public void Bundle_ListIsSignedByAnotherOfTheSameName_Error()
    {
        using var impostor = _folder.Create(_folder.Root.Subject, null, isAuthority: true);

        var error = Assert.Throws<CertificateException>(() => Bundle("pem", _folder.List(impostor)));

        Assert.Contains(
            $"list 1 has the name of '{_folder.Root.Subject}', which has not signed it",
            error.Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void Refusal_ListOfASentAuthorityIsSignedByAnother_CountsAsNone()
    {
        using var between = _folder.Authority("between");
        using var impostor = _folder.Create("CN=between", null, isAuthority: true);
        using var leaf = _folder.Create("CN=a", between, names: ["a.example"]);

        Assert.StartsWith(
            "there is no revocation list of 'CN=between'",
            Refusal(Bundle("pem", _folder.List(_folder.Root), _folder.List(impostor)), leaf, between),
            StringComparison.Ordinal
        );
    }

    [Theory]
    [InlineData("", "is empty")]
    [InlineData("hello", "is neither PEM (-----BEGIN X509 CRL-----) nor a complete list in DER")]
    [InlineData("-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n", "has no revocation list")]
    [InlineData("-----BEGIN X509 CRL-----\nMIIB\n-----END X509 CRL-----\n", "list 1 is damaged, or is no revocation list")]
    [InlineData("-----BEGIN X509 CRL-----\nMIIB\n", "has no end; the file may be half written")]
    public void Bundle_WrongFile_ErrorSaysWhatItIs(string text, string error)
    {
        var path = _folder.Write("it.crl", text);

        var problem = Assert.Throws<CertificateException>(() => new TrustBundle(_folder.Bundle(), path, TimeProvider.System));

        Assert.Contains(error, problem.Message, StringComparison.Ordinal);
        Assert.Contains("it.crl", problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Bundle_CertificateInDerForALists_Error()
    {
        Assert.Contains(
            "list 1 is damaged, or is no revocation list",
            Assert.Throws<CertificateException>(() => Bundle("der", _folder.Root.RawData)).Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void Bundle_PartialList_ErrorSaysSo()
    {
        using var key = _folder.Root.GetECDsaPrivateKey()!;

        var error = Assert.Throws<CertificateException>(() => Bundle("der", Sign(key, "2.5.29.28")));

        Assert.Contains(
            "list 1 has only a part of what its authority has revoked; use the complete list",
            error.Message,
            StringComparison.Ordinal
        );
        Assert.Contains(
            "has a critical extension that is not understood, 1.2.3.4",
            Assert.Throws<CertificateException>(() => Bundle("der", Sign(key, "1.2.3.4"))).Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void Bundle_DamagedAnywhere_ErrorOrRefusal()
    {
        using var bad = _folder.Issue("b.example");
        var whole = _folder.List(_folder.Root, null, bad);
        var damages = from at in Gen.Choose(0, whole.Length - 1) from bit in Gen.Choose(0, 7) select (at, bit);

        Check.One(
            Config.QuickThrowOnFailure.WithMaxTest(300),
            Prop.ForAll(
                damages.ToArbitrary(),
                damage =>
                {
                    byte[] content = [.. whole];
                    content[damage.at] ^= (byte)(1 << damage.bit);
                    try
                    {
                        return Refusal(Bundle("der", content), bad) is not null;
                    }
                    catch (CertificateException)
                    {
                        return true;
                    }
                }
            )
        );
    }

    public void Dispose() => _folder.Dispose();

    private static string? Refusal(TrustBundle bundle, X509Certificate2 leaf, params X509Certificate2[] sent) =>
        bundle.Refusal(leaf, sent, CertificateUse.Client, null);

    private TrustBundle Bundle(string form, params byte[][] lists) =>
        new(
            _folder.Bundle(),
            form == "pem"
                ? _folder.Write("lists", "some text\n" + string.Concat(lists.Select(CertificateFolder.PemOf)))
                : _folder.Write("lists", [.. lists.SelectMany(static list => list)]),
            TimeProvider.System
        );

    // A list with an extension that .NET does not write.
    private byte[] Sign(ECDsa key, string extension)
    {
        var signed = new AsnWriter(AsnEncodingRules.DER);
        using (signed.PushSequence())
        {
            signed.WriteInteger(1);
            WriteAlgorithm(signed);
            signed.WriteEncodedValue(_folder.Root.SubjectName.RawData);
            signed.WriteUtcTime(_folder.Now.AddDays(-1));
            signed.WriteUtcTime(_folder.Now.AddDays(1));
            using (signed.PushSequence(new Asn1Tag(TagClass.ContextSpecific, 0)))
            using (signed.PushSequence())
            using (signed.PushSequence())
            {
                signed.WriteObjectIdentifier(extension);
                signed.WriteBoolean(true);
                signed.WriteOctetString([0x30, 0x00]);
            }
        }

        var list = new AsnWriter(AsnEncodingRules.DER);
        using (list.PushSequence())
        {
            list.WriteEncodedValue(signed.Encode());
            WriteAlgorithm(list);
            list.WriteBitString(key.SignData(signed.Encode(), HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence));
        }

        return list.Encode();
    }

    private static void WriteAlgorithm(AsnWriter writer)
    {
        using (writer.PushSequence())
        {
            writer.WriteObjectIdentifier("1.2.840.10045.4.3.2");
        }
    }
}
