using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Proxy.Configuration.Tls;
using Proxy.Tls.Certificates;

namespace Proxy.Core.Tests.Tls.Certificates;

/// <summary>Files as they come, right and wrong ones.</summary>
public sealed class CertificateReaderTests : IDisposable
{
    private readonly CertificateFolder _folder = new();

    [Theory]
    [InlineData("ecdsa", "pem")]
    [InlineData("rsa", "pem")]
    [InlineData("ecdsa", "pfx")]
    [InlineData("rsa", "pfx")]
    public async Task Read_EitherKindOfEitherForm_ServesTheChainOfTheFile(string kind, string form)
    {
        using var key = kind == "rsa" ? (AsymmetricAlgorithm)RSA.Create(2048) : ECDsa.Create(ECCurve.NamedCurves.nistP384);
        using var between = _folder.Authority("between");
        using var leaf = _folder.Create("CN=a", between, names: ["a.example"], key: key);

        var loaded = Load(form == "pem" ? _folder.Pem(leaf, between) : _folder.Pfx(leaf, "pw", between));

        Assert.Equal(["a.example"], loaded.Names.All);
        Assert.Equal([leaf.Thumbprint, between.Thumbprint], await ShownAsync(loaded));
    }

    [Fact]
    public async Task Read_ChainOfTen_AllArePresented()
    {
        var chain = new List<X509Certificate2>();
        for (var i = 0; i < 9; i++)
        {
            chain.Insert(0, _folder.Authority($"between {i}", chain.FirstOrDefault()));
        }

        using var leaf = _folder.Create("CN=a", chain[0], names: ["a.example"]);

        var loaded = Load(_folder.Pem(leaf, [.. chain]));

        Assert.Equal([leaf.Thumbprint, .. chain.Select(static one => one.Thumbprint)], await ShownAsync(loaded));
    }

    [Fact]
    public void Read_MoreThan32Certificates_Error()
    {
        using var leaf = _folder.Issue("a.example");
        using var other = _folder.Authority("other");

        Refuses(_folder.Pem(leaf, [.. Enumerable.Repeat(other, 32)]), "has 33 certificates", "at most 32");
    }

    [Theory]
    [InlineData("PRIVATE KEY")]
    [InlineData("EC PRIVATE KEY")]
    [InlineData("RSA PRIVATE KEY")]
    public void Read_KeyInTheSameFileWithTextAround_Loaded(string label)
    {
        using var rsa = RSA.Create(2048);
        using var leaf = _folder.Create("CN=a", _folder.Root, names: ["a.example"], key: label.StartsWith('R') ? rsa : null);
        var key = label switch
        {
            "EC PRIVATE KEY" => leaf.GetECDsaPrivateKey()!.ExportECPrivateKeyPem(),
            "RSA PRIVATE KEY" => leaf.GetRSAPrivateKey()!.ExportRSAPrivateKeyPem(),
            _ => CertificateFolder.KeyOf(leaf),
        };
        var text = $"Bag Attributes: größe\n{key}\nsubject=CN = a: x\n{leaf.ExportCertificatePem()}\nthe end";

        var path = _folder.Write("one.pem", Encoding.Latin1.GetBytes(text.ReplaceLineEndings("\r\n")));

        Assert.Equal(leaf.Thumbprint, Load(new() { Path = path }).Leaf.Thumbprint);
    }

    [Theory]
    [InlineData("right", null)]
    [InlineData("wrong", "the password does not open the key in")]
    [InlineData(null, "is encrypted; write its password as Password")]
    [InlineData("", "is encrypted; write its password as Password")]
    public void Read_EncryptedKey_NeedsItsPassword(string? password, string? error)
    {
        using var leaf = _folder.Issue("a.example");
        var parameters = new PbeParameters(PbeEncryptionAlgorithm.Aes256Cbc, HashAlgorithmName.SHA256, 2048);
        var key = leaf.GetECDsaPrivateKey()!.ExportEncryptedPkcs8PrivateKeyPem("right", parameters);
        var config = _folder.Pem(leaf) with { KeyPath = _folder.Write("enc.key", key), Password = password };

        if (error is null)
        {
            Assert.True(Load(config).Leaf.HasPrivateKey);
        }
        else
        {
            Refuses(config, error, "enc.key");
        }
    }

    [Theory]
    [InlineData("right", "right", null)]
    [InlineData(null, null, null)]
    [InlineData("right", "wrong", "the password does not open")]
    [InlineData("right", null, "is protected by a password; write it as Password")]
    public void Read_Pkcs12_NeedsItsPassword(string? itsPassword, string? password, string? error)
    {
        using var leaf = _folder.Issue("a.example");
        var config = _folder.Pfx(leaf, itsPassword) with { Password = password };
        var other = config with { Path = _folder.Write("pfx.pem", File.ReadAllBytes(config.Path)) }; // content tells, not the name

        if (error is null)
        {
            Assert.True(Load(other).Leaf.HasPrivateKey);
        }
        else
        {
            Refuses(other, error, "pfx.pem");
        }
    }

    [Fact]
    public void Read_Pkcs12WithKeyPath_Error()
    {
        using var leaf = _folder.Issue("a.example");

        Refuses(_folder.Pfx(leaf, "pw") with { KeyPath = _folder.Pem(leaf).KeyPath }, "leave KeyPath out");
    }

    [Fact]
    public void Read_Pkcs12WithoutKey_Error()
    {
        using var leaf = X509CertificateLoader.LoadCertificate(_folder.Issue("a.example").RawData);

        Refuses(_folder.Pfx(leaf, "pw"), "has no certificate with a private key");
    }

    [Fact]
    public void Read_KeyOfAnother_ErrorNamesBoth()
    {
        using var leaf = _folder.Issue("a.example");
        using var other = _folder.Issue("b.example");
        var config = _folder.Pem(leaf) with { KeyPath = _folder.Write("other.key", CertificateFolder.KeyOf(other)) };

        Refuses(config, "does not belong to the certificate in", "'CN=a.example'", "other.key", config.Path);
    }

    [Fact]
    public void Read_KeyOfAnotherKind_Error()
    {
        using var leaf = _folder.Issue("a.example");
        using var rsa = RSA.Create(2048);

        Refuses(_folder.Pem(leaf) with { KeyPath = _folder.Write("rsa.key", rsa.ExportPkcs8PrivateKeyPem()) }, "does not belong to");
    }

    [Fact]
    public void Read_LeafIsNotFirst_ErrorSaysWhichIs()
    {
        using var between = _folder.Authority("between");
        using var leaf = _folder.Create("CN=a", between, names: ["a.example"]);
        var config = _folder.Pem(leaf) with { Path = _folder.Write("order.pem", CertificateFolder.ChainOf([between, leaf])) };

        Refuses(config, "belongs to certificate 2 of", "'CN=a'", "has to come first");
    }

    [Fact]
    public void Read_BrokenCertificateBehindTheFirst_ErrorNamesIt()
    {
        using var between = _folder.Authority("between");
        using var leaf = _folder.Create("CN=a", between, names: ["a.example"]);
        var broken = PemEncoding.WriteString("CERTIFICATE", between.RawData.AsSpan(..^20));
        var first = leaf.ExportCertificatePem();
        var config = _folder.Pem(leaf) with { Path = _folder.Write("broken.pem", $"{first}\n{broken}\n") };

        Refuses(config, $"broken.pem:{first.Split('\n').Length + 1}: certificate 2 of the file is damaged");
    }

    [Theory]
    [InlineData("", "is empty")]
    [InlineData("hello", "is neither PEM (-----BEGIN CERTIFICATE-----) nor PKCS #12")]
    [InlineData("-----BEGIN CERTIFICATE-----\nMIIB", ":1: the block 'CERTIFICATE' has no end; the file may be half written")]
    [InlineData(
        "-----BEGIN CERTIFICATE-----\nMI-B\n-----END CERTIFICATE-----\n",
        ":1: the block 'CERTIFICATE' is damaged: it is not base64"
    )]
    [InlineData("-----BEGIN CERTIFICATE-----\nMIIB\n-----END X-----\n", "has no end")]
    [InlineData("-----BEGIN CERTIFICATE REQUEST-----\nMIIB\n-----END CERTIFICATE REQUEST-----\n", "is a request for a certificate")]
    [InlineData("-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----\n", "has a private key and no certificate")]
    [InlineData("-----BEGIN X509 CRL-----\nMIIB\n-----END X509 CRL-----\n", "has no certificate")]
    public void Read_NoCertificate_ErrorSaysWhatItIs(string text, string error)
    {
        using var leaf = _folder.Issue("a.example");

        Refuses(_folder.Pem(leaf) with { Path = _folder.Write("it.pem", text) }, "it.pem", error);
    }

    [Theory]
    [InlineData("", "is empty")]
    [InlineData("hello", "is no PEM file")]
    [InlineData("-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n", "has no private key; KeyPath has to name")]
    [InlineData("-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----\n", "is damaged or of another kind than RSA and ECDSA")]
    [InlineData("-----BEGIN PRIVATE KEY-----\nMIIB", "has no end; the file may be half written")]
    [InlineData(
        "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\nMIIB\n-----END RSA PRIVATE KEY-----\n",
        "openssl pkcs8 -topk8"
    )]
    [InlineData("-----BEGIN OPENSSH PRIVATE KEY-----\nMIIB\n-----END OPENSSH PRIVATE KEY-----\n", "is damaged or of another kind")]
    public void Read_NoKey_ErrorSaysWhatItIs(string text, string error)
    {
        using var leaf = _folder.Issue("a.example");

        Refuses(_folder.Pem(leaf) with { KeyPath = _folder.Write("its.key", text) }, "its.key", error);
    }

    [Fact]
    public void Read_NoKeyAnywhere_ErrorSaysBothWays()
    {
        using var leaf = _folder.Issue("a.example");

        Refuses(_folder.Pem(leaf) with { KeyPath = null }, "name the file of the key as KeyPath, or put the key into this file");
    }

    [Fact]
    public void Read_TwoKeys_ErrorNamesTheirLines()
    {
        using var leaf = _folder.Issue("a.example");
        var key = CertificateFolder.KeyOf(leaf);

        Refuses(_folder.Pem(leaf) with { KeyPath = _folder.Write("two.key", $"{key}\n{key}\n") }, "has 2 private keys, in lines 1, ");
    }

    [Fact]
    public void Read_Der_ErrorSaysHowToConvert()
    {
        using var leaf = _folder.Issue("a.example");

        Refuses(_folder.Pem(leaf) with { Path = _folder.Write("it.der", leaf.RawData) }, "openssl x509 -inform der");
    }

    [Fact]
    public void Read_ShortRsaKey_Error()
    {
        using var key = RSA.Create(1024);
        using var leaf = _folder.Create("CN=a", _folder.Root, names: ["a.example"], key: key);

        Refuses(_folder.Pem(leaf), "has an RSA key of 1024 bits", "at least 2048");
    }

    // Made by OpenSSL: .NET cannot make such a key either.
    [Fact]
    public void Read_Ed25519_ErrorNamesIt()
    {
        const string Certificate = """
            -----BEGIN CERTIFICATE-----
            MIIBLjCB4aADAgECAhQTgLdOgxajNOlG6HchHrGYcKMT/DAFBgMrZXAwDTELMAkG
            A1UEAwwCZWQwHhcNMjYxMTI5MTIyMTE5WhcNMjYxMjI5MTIyMTE5WjANMQswCQYD
            VQQDDAJlZDAqMAUGAytlcAMhAIz0s6YDYMOTeUjoaz7gHHyHqSjpR9WMoh0xWVku
            0Dq7o1MwUTAdBgNVHQ4EFgQUp4Vu3UrlpSG9CMORP6RfkUNvc2wwHwYDVR0jBBgw
            FoAUp4Vu3UrlpSG9CMORP6RfkUNvc2wwDwYDVR0TAQH/BAUwAwEB/zAFBgMrZXAD
            QQBbrQUBD7H0lniXyowbresha4MebY0y/YGAMaoJx+VXm+qXsb/0jolJHmnH6q6I
            cNZ0MQz6qd/LN9O3z8WQTdUL
            -----END CERTIFICATE-----
            """;
        const string Key = """
            -----BEGIN PRIVATE KEY-----
            MC4CAQAwBQYDK2VwBCIEIAS0hx9OYC/oxW+7yCMCdtJEqkMk+jWOKLdq36hZJG6K
            -----END PRIVATE KEY-----
            """;
        var config = new CertificateConfig { Path = _folder.Write("ed.crt", Certificate), KeyPath = _folder.Write("ed.key", Key) };

        Refuses(config, "has a key of Ed25519, which .NET cannot use; TLS here needs RSA or ECDSA");
    }

    [Fact]
    public void Read_Missing_Error() => Refuses(new() { Path = _folder.In("none.pem") }, "none.pem does not exist");

    [Fact]
    public void Read_MissingRelative_SaysWhereItWasLookedFor() =>
        Refuses(
            new() { Path = "none/none.pem" },
            $"none/none.pem does not exist; such names start in the current folder, {Environment.CurrentDirectory}."
        );

    [Fact]
    public void Read_Folder_Error() => Refuses(new() { Path = _folder.Path }, "is a folder; name a file in it");

    [Fact]
    public void Read_LargerThan4MiB_Error() =>
        Refuses(new() { Path = _folder.Write("large.pem", new byte[CertificateFile.MostBytes + 1]) }, "is larger than 4 MiB");

    [Fact]
    public void Read_NulInThePath_Error() => Refuses(new() { Path = "a\0b" }, "cannot be read");

    // What a full disk leaves of a file is never a crash, and never another certificate. A bit that changed within what is signed is left to the peers.
    [Fact]
    public void Read_DamagedAnywhere_ErrorOrACertificateWithItsKey()
    {
        using var between = _folder.Authority("between");
        using var leaf = _folder.Create("CN=a", between, names: ["a.example"]);
        byte[][] whole =
        [
            Encoding.ASCII.GetBytes(CertificateFolder.ChainOf([leaf, between]) + CertificateFolder.KeyOf(leaf) + "\n"),
            File.ReadAllBytes(_folder.Pfx(leaf, null, between).Path),
        ];
        var damages =
            from form in Gen.Elements(0, 1)
            from at in Gen.Choose(0, whole[form].Length - 1)
            from value in Gen.Choose(0, 255)
            from isCut in Gen.Elements(true, false)
            select (form, at, value, isCut);

        Check.One(
            Config.QuickThrowOnFailure.WithMaxTest(300),
            Prop.ForAll(
                damages.ToArbitrary(),
                damage =>
                {
                    var content = damage.isCut ? whole[damage.form][..damage.at] : [.. whole[damage.form]];
                    if (!damage.isCut)
                    {
                        content[damage.at] = (byte)damage.value;
                    }

                    try
                    {
                        var loaded = CertificateReader.Read(new() { Path = "x" }, content, null);
                        return loaded.Leaf.HasPrivateKey && (!damage.isCut || loaded.Leaf.Thumbprint == leaf.Thumbprint);
                    }
                    catch (CertificateException exception)
                    {
                        return exception.Message.Length > 0;
                    }
                }
            )
        );
    }

    public void Dispose() => _folder.Dispose();

    private static LoadedCertificate Load(CertificateConfig config) => new ServedCertificate(config, new(), TimeProvider.System).Loaded;

    private static void Refuses(CertificateConfig config, params string[] parts)
    {
        var message = Assert.Throws<CertificateException>(() => Load(config)).Message;
        Assert.All(parts, part => Assert.Contains(part, message, StringComparison.Ordinal));
        Assert.True(config.Password is null or "" || !message.Contains(config.Password, StringComparison.Ordinal), message);
    }

    // The thumbprints that a client gets.
    private static async Task<IReadOnlyList<string>> ShownAsync(LoadedCertificate loaded)
    {
        using var listener = new TcpListener(System.Net.IPAddress.Loopback, 0);
        listener.Start();
        using var client = new TcpClient();
        await client.ConnectAsync((System.Net.IPEndPoint)listener.LocalEndpoint);
        using var accepted = await listener.AcceptTcpClientAsync();
        await using var server = new SslStream(accepted.GetStream());
        List<string> shown = [];
        await using var stream = new SslStream(
            client.GetStream(),
            false,
            (_, certificate, chain, _) =>
            {
                shown.Add(((X509Certificate2)certificate!).Thumbprint);
                shown.AddRange(chain!.ChainPolicy.ExtraStore.Select(static one => one.Thumbprint));
                return true;
            }
        );
        await Task.WhenAll(
            server.AuthenticateAsServerAsync(new SslServerAuthenticationOptions { ServerCertificateContext = loaded.Context }),
            stream.AuthenticateAsClientAsync("a.example")
        );
        Assert.True(stream.SslProtocol is SslProtocols.Tls13 or SslProtocols.Tls12);
        return [.. shown.Distinct()];
    }
}
