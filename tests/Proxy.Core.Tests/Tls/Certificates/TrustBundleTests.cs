using System.Security.Cryptography.X509Certificates;
using Proxy.Tls.Certificates;

namespace Proxy.Core.Tests.Tls.Certificates;

/// <summary>Certificates of peers, and the sentences about those that are refused.</summary>
public sealed class TrustBundleTests : IDisposable
{
    private readonly CertificateFolder _folder = new();

    [Theory]
    [InlineData("a.example", null)]
    [InlineData("A.EXAMPLE.", null)]
    [InlineData("x.wild.example", null)]
    [InlineData("192.0.2.1", null)]
    [InlineData("2001:db8::1", null)]
    [InlineData(null, null)]
    [InlineData("b.example", "it is for 'a.example', '*.wild.example', and not for 'b.example'")]
    [InlineData("y.x.wild.example", "and not for 'y.x.wild.example'")]
    [InlineData("wild.example", "and not for 'wild.example'")]
    [InlineData("192.0.2.2", "it is for '192.0.2.1', '2001:db8::1', and not for '192.0.2.2'")]
    [InlineData("", "and not for ''")]
    public void Refusal_Name_ByAlternativeNames(string? name, string? refusal)
    {
        using var leaf = _folder.Issue("a.example", "*.wild.example", "192.0.2.1", "2001:db8::1");

        Expect(refusal, Bundle(), leaf, [], CertificateUse.Server, name);
    }

    [Theory]
    [InlineData(CertificateUse.Server, CertificateFolder.Server, null)]
    [InlineData(CertificateUse.Client, CertificateFolder.Client, null)]
    [InlineData(CertificateUse.Server, CertificateFolder.Client, "'CN=a' is not for servers (extended key usage)")]
    [InlineData(CertificateUse.Client, CertificateFolder.Server, "'CN=a' is not for clients (extended key usage)")]
    public void Refusal_Usage_HasToBeAllowed(object use, string usage, string? refusal)
    {
        using var leaf = _folder.Create("CN=a", _folder.Root, names: ["a.example"], usages: [usage]);

        Expect(refusal, Bundle(), leaf, [], (CertificateUse)use);
    }

    [Fact]
    public void Refusal_LargeKeyIsSent_NotBuilt()
    {
        // Random numbers in place of a modulus of 16,384 bits, which takes minutes to find.
        var modulus = System.Security.Cryptography.RandomNumberGenerator.GetBytes(2048);
        (modulus[0], modulus[^1]) = (0xF0, 1);
        using var large = System.Security.Cryptography.RSA.Create(
            new System.Security.Cryptography.RSAParameters { Modulus = modulus, Exponent = [1, 0, 1] }
        );
        var request = new CertificateRequest(new("CN=large"), new PublicKey(large), System.Security.Cryptography.HashAlgorithmName.SHA256);
        using var signer = _folder.Root.GetECDsaPrivateKey()!;
        using var sent = request.Create(
            _folder.Root.SubjectName,
            X509SignatureGenerator.CreateForECDsa(signer),
            _folder.Now.AddDays(-1),
            _folder.Now.AddDays(1),
            [1]
        );
        using var leaf = _folder.Issue("a.example");

        Expect("'CN=large' has a key of more than 8,192 bits", Bundle(), leaf, [sent]);
    }

    [Theory]
    [InlineData(-10, -1)]
    [InlineData(1, 10)]
    public void Refusal_NotNow_SaysFromWhenToWhen(int from, int until)
    {
        using var leaf = _folder.Create(
            "CN=a",
            _folder.Root,
            names: ["a.example"],
            valid: (_folder.Now.AddDays(from), _folder.Now.AddDays(until))
        );

        Expect("'CN=a' is valid from 20", Bundle(), leaf, []);
    }

    [Fact]
    public void Refusal_TimeOfTheClockThatWasGiven_Counts()
    {
        var time = new ManualTime();
        using var folder = new CertificateFolder { Now = time.GetUtcNow() };
        using var leaf = folder.Create(
            "CN=a",
            folder.Root,
            names: ["a.example"],
            valid: (time.GetUtcNow().AddMinutes(-1), time.GetUtcNow().AddMinutes(1))
        );
        // The root of a folder is made before its time is set.
        using var root = folder.Create("CN=later", null, isAuthority: true, names: []);
        using var later = folder.Create(
            "CN=b",
            root,
            names: ["a.example"],
            valid: (time.GetUtcNow().AddMinutes(-1), time.GetUtcNow().AddMinutes(1))
        );
        var bundle = new TrustBundle(folder.Write("later.pem", root.ExportCertificatePem()), null, time);
        Assert.Null(bundle.Refusal(later, [], CertificateUse.Server, null));

        time.Advance(TimeSpan.FromMinutes(2));

        Assert.Contains("and not now", bundle.Refusal(later, [], CertificateUse.Server, null), StringComparison.Ordinal);
    }

    [Fact]
    public void Refusal_OtherAuthority_SaysWhich()
    {
        using var other = new CertificateFolder();
        using var leaf = other.Issue("a.example");

        Expect($"'CN=a.example' is issued by '{other.Root.Subject}', which is none of the authorities of ", Bundle(), leaf, []);
        Expect($"its chain ends at '{other.Root.Subject}', which is none of the authorities of ", Bundle(), leaf, [other.Root]);
    }

    [Fact]
    public void Refusal_SignedByItself_OnlyIfItIsInTheFile()
    {
        using var own = _folder.Create("CN=own", null, names: ["own.example"]);
        var bundle = new TrustBundle(_folder.Write("own.pem", own.ExportCertificatePem()), null, TimeProvider.System);

        Expect("'CN=own' is signed by itself, and is none of the authorities of ", Bundle(), own, []);
        Expect(null, bundle, own, [], name: "own.example");
        Expect("and not for 'b.example'", bundle, own, [], name: "b.example");
    }

    // An authority with the name of the trusted one and a key of its own.
    [Fact]
    public void Refusal_SameNameOtherKey_Refused()
    {
        using var impostor = _folder.Create(_folder.Root.Subject, null, isAuthority: true);
        using var leaf = _folder.Create("CN=a", impostor, names: ["a.example"]);

        Assert.NotNull(Bundle().Refusal(leaf, [], CertificateUse.Server, null));
        Assert.NotNull(Bundle().Refusal(leaf, [impostor], CertificateUse.Server, null));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(10)]
    public void Refusal_Intermediates_FromThePeerOrTheFile(int count)
    {
        var chain = new List<X509Certificate2>();
        for (var i = 0; i < count; i++)
        {
            chain.Insert(0, _folder.Authority($"between {i}", chain.FirstOrDefault()));
        }

        using var leaf = _folder.Create("CN=a", chain[0], names: ["a.example"]);
        var both = new TrustBundle(
            _folder.Write("both.pem", CertificateFolder.ChainOf([_folder.Root, .. chain])),
            null,
            TimeProvider.System
        );

        Expect(null, Bundle(), leaf, chain);
        Expect(null, both, leaf, []);
        Expect(
            $"'CN=a' is issued by 'CN=between {count - 1}', which is none of the authorities of {_folder.In("ca.pem")} and was not sent",
            Bundle(),
            leaf,
            []
        );
    }

    // An authority that is no root is trusted by itself, and what its root has issued otherwise is not.
    [Fact]
    public void Refusal_BundleIsAnIntermediate_EndsThere()
    {
        using var between = _folder.Authority("between");
        using var leaf = _folder.Create("CN=a", between, names: ["a.example"]);
        using var direct = _folder.Issue("b.example");
        using var wrongUse = _folder.Create("CN=c", between, names: ["c.example"], usages: [CertificateFolder.Client]);
        using var expired = _folder.Create("CN=d", between, valid: (_folder.Now.AddDays(-9), _folder.Now.AddDays(-8)));
        var bundle = new TrustBundle(_folder.Write("between.pem", between.ExportCertificatePem()), null, TimeProvider.System);

        Expect(null, bundle, leaf, [], name: "a.example");
        Expect(null, bundle, leaf, [_folder.Root], name: "a.example");
        Expect("which is none of the authorities", bundle, direct, [_folder.Root]);
        Expect("is not for servers", bundle, wrongUse, []);
        Expect("and not now", bundle, expired, []);
    }

    [Fact]
    public void Refusal_IssuedByOneThatIsNoAuthority_Refused()
    {
        using var leaf = _folder.Issue("a.example");
        using var below = _folder.Create("CN=below", leaf, names: ["b.example"]);

        Expect("may not issue the certificate below it (basic constraints)", Bundle(), below, [leaf]);
    }

    [Fact]
    public void Refusal_SentByTheThousands_BoundedAndStillValid()
    {
        using var between = _folder.Authority("between");
        using var leaf = _folder.Create("CN=a", between, names: ["a.example"]);
        var taken = 0;

        Expect(
            null,
            Bundle(),
            leaf,
            Enumerable
                .Range(0, 100_000)
                .Select(_ =>
                {
                    taken++;
                    return between;
                }),
            name: "a.example"
        );

        Assert.Equal(TrustBundle.MostSent, taken);
    }

    [Fact]
    public void Refusal_ControlCharactersInTheSubject_ArePrintable()
    {
        using var other = new CertificateFolder();
        using var leaf = other.Create("CN=\"a\u001b[2Jb\"", other.Root, names: ["a.example"]);

        var refusal = Bundle().Refusal(leaf, [], CertificateUse.Server, null)!;

        Assert.DoesNotContain('\u001b', refusal);
        Assert.Contains("\\u001b[2Jb", refusal, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "is empty")]
    [InlineData("hello", "is no PEM file")]
    [InlineData("-----BEGIN X509 CRL-----\nMIIB\n-----END X509 CRL-----\n", "has no certificate; authorities are blocks")]
    [InlineData("-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n", "certificate 1 of the file is damaged")]
    [InlineData("-----BEGIN CERTIFICATE-----\nMIIB\n", "has no end; the file may be half written")]
    public void Bundle_WrongFile_ErrorSaysWhatItIs(string text, string error)
    {
        var path = _folder.Write("it.pem", text);

        Assert.Contains(
            error,
            Assert.Throws<CertificateException>(() => new TrustBundle(path, null, TimeProvider.System)).Message,
            StringComparison.Ordinal
        );
    }

    // The system knows none of a test's authorities, and has some itself.
    [Fact]
    public void SystemTrust_AuthorityOfATest_Refused()
    {
        using var leaf = _folder.Issue("a.example");

        Expect("which is none of the system's authorities", new CertificateStore(TimeProvider.System).SystemTrust(null), leaf, []);
    }

    public void Dispose() => _folder.Dispose();

    private TrustBundle Bundle() => new(_folder.Bundle(), null, TimeProvider.System);

    private static void Expect(
        string? refusal,
        TrustBundle bundle,
        X509Certificate2 leaf,
        IEnumerable<X509Certificate2> sent,
        CertificateUse use = CertificateUse.Server,
        string? name = null
    )
    {
        var found = bundle.Refusal(leaf, sent, use, name);
        if (refusal is null)
        {
            Assert.Null(found);
        }
        else
        {
            Assert.Contains(refusal, found, StringComparison.Ordinal);
        }
    }
}
