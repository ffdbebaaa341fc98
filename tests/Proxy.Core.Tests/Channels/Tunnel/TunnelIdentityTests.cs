using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Proxy.Channels.Tunnel;

namespace Proxy.Core.Tests.Channels.Tunnel;

public sealed class TunnelIdentityTests : IDisposable
{
    private readonly TestAuthority _authority = new();

    [Fact]
    public void TryRead_OneName_IsTheIdentity()
    {
        using var certificate = _authority.Create("spiffe://example.org/c/prod/i/A_10");

        Assert.True(TunnelIdentity.TryRead(certificate, out var identity));
        Assert.Equal(new TunnelIdentity("example.org", "prod", "A_10"), identity);
        Assert.Equal("spiffe://example.org/c/prod/i/A_10", identity.ToString());
    }

    [Fact]
    public void TryRead_NoneOrTwo_IsNobody()
    {
        using var none = _authority.Create();
        using var two = _authority.Create(TestAuthority.Uri("A_1"), TestAuthority.Uri("A_2"));

        Assert.False(TunnelIdentity.TryRead(none, out _));
        Assert.False(TunnelIdentity.TryRead(two, out _));
    }

    [Theory]
    [InlineData("https://example.org/c/prod/i/A_10")]
    [InlineData("spiffe:///c/prod/i/A_10")]
    [InlineData("spiffe://example.org/c/prod/i/")]
    [InlineData("spiffe://example.org/c/prod/i/A_10/")]
    [InlineData("spiffe://example.org/c/prod/i/A_10/x")]
    [InlineData("spiffe://example.org/c//i/A_10")]
    [InlineData("spiffe://example.org/C/prod/I/A_10")]
    [InlineData("spiffe://example.org/c/prod/i/A.10")]
    [InlineData("spiffe://example.org/c/prod/i/A_10?x")]
    [InlineData("")]
    public void TryParse_Other_IsNobody(string text) => Assert.False(TunnelIdentity.TryParse(text, out _));

    [Fact]
    public void TryRead_SpoiltExtension_IsNobody()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        for (var length = 0; length < 36; length++)
        {
            var request = new CertificateRequest("CN=x", key, HashAlgorithmName.SHA256);
            request.CertificateExtensions.Add(
                new X509Extension("2.5.29.17", [0x30, 0x26, 0x86, 0x24, .. "spiffe://example.org/c/prod/i/A_100000"u8[..length]], false)
            );
            using var certificate = request.CreateSelfSigned(DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddYears(99));

            Assert.False(TunnelIdentity.TryRead(certificate, out _));
        }
    }

    public void Dispose() => _authority.Dispose();
}
