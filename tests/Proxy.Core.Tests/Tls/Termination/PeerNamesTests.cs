using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Proxy.Tls.Termination;

namespace Proxy.Core.Tests.Tls.Termination;

public sealed class PeerNamesTests
{
    [Fact]
    public void Of_NoCertificate_None() => Assert.Empty(PeerNames.Of(null).All);

    [Fact]
    public void Of_AlternativeNames_EachOfItsKind()
    {
        using var certificate = Create(
            "CN=one, O=test",
            [0x30, .. Length(Name(2, "A.example"u8), Name(1, "one@a.example"u8), Name(6, "spiffe://a/b"u8), Name(7, [127, 0, 0, 1]))]
        );

        Assert.Equal(
            ["CommonName one", "Dns a.example", "Email one@a.example", "Uri spiffe://a/b"],
            PeerNames.Of(certificate).All.Select(static name => $"{name.Kind} {name.Text}")
        );
    }

    [Fact]
    public void Of_NamesWithNulOrControlCharacters_LeftOut()
    {
        using var certificate = Create(
            "O=test",
            [0x30, .. Length(Name(2, "a.example\0.evil"u8), Name(6, "spiffe://a/\r\nb"u8), Name(2, "b.example"u8))]
        );

        Assert.Equal(["b.example"], PeerNames.Of(certificate).All.Select(static name => name.Text));
    }

    [Fact]
    public void Of_MalformedNames_ThoseBeforeTheFault()
    {
        using var certificate = Create("CN=one", [0x30, .. Length(Name(2, "a.example"u8), [0x82, 100, 1])]);

        Assert.Equal(["one", "a.example"], PeerNames.Of(certificate).All.Select(static name => name.Text));
    }

    [Theory]
    [InlineData("CN=one, CN=two")]
    [InlineData("O=test")]
    public void CommonNameOf_NotExactlyOne_Null(string subject)
    {
        using var certificate = Create(subject, null);

        Assert.Null(PeerNames.CommonNameOf(certificate));
    }

    [Fact]
    public void CommonNameOf_OneThatIsNoTextAndOneThatIs_Null()
    {
        var subject = new X500DistinguishedName([0x30, 28, .. CommonName(3, "\0ne"u8), .. CommonName(12, "two"u8)]);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(subject, key, HashAlgorithmName.SHA256);
        using var certificate = request.CreateSelfSigned(
            TimeProvider.System.GetUtcNow().AddDays(-1),
            TimeProvider.System.GetUtcNow().AddDays(1)
        );

        Assert.Null(PeerNames.CommonNameOf(certificate));
    }

    private static byte[] CommonName(byte tag, ReadOnlySpan<byte> text) =>
        [0x31, (byte)(9 + text.Length), 0x30, (byte)(7 + text.Length), 6, 3, 0x55, 4, 3, tag, (byte)text.Length, .. text];

    private static X509Certificate2 Create(string subject, byte[]? alternatives)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(subject, key, HashAlgorithmName.SHA256);
        if (alternatives is not null)
        {
            request.CertificateExtensions.Add(new X509Extension("2.5.29.17", alternatives, critical: false));
        }

        return request.CreateSelfSigned(TimeProvider.System.GetUtcNow().AddDays(-1), TimeProvider.System.GetUtcNow().AddDays(1));
    }

    private static byte[] Name(int tag, ReadOnlySpan<byte> text) => [(byte)(0x80 + tag), (byte)text.Length, .. text];

    private static byte[] Length(params byte[][] parts) =>
        [(byte)parts.Sum(static part => part.Length), .. parts.SelectMany(static part => part)];
}
