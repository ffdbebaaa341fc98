using Proxy.Configuration.Tls;

namespace Proxy.Core.Tests.Configuration.Tls;

public sealed class CertificatePatternTests
{
    [Theory]
    [InlineData("Api.example.com", "Dns api.example.com", true)]
    [InlineData("*.example.com", "Dns a.b.example.com", true)]
    [InlineData("*.example.com", "Dns example.com", false)]
    [InlineData("*.example.com", "CommonName a.example.com", false)]
    [InlineData("*.example.com", "Uri https://a.example.com", false)]
    [InlineData("spiffe://example.org/*", "Uri spiffe://example.org/one", true)]
    [InlineData("spiffe://example.org/*", "Uri spiffe://example.org.evil/one", false)]
    [InlineData("spiffe://example.org/*", "Dns spiffe://example.org/one", false)]
    [InlineData("spiffe://example.org/one", "Uri spiffe://example.org/one/more", false)]
    [InlineData("*@example.org", "Email one@example.org", true)]
    [InlineData("*@example.org", "Uri mailto:one@example.org", false)]
    [InlineData("CN=client one", "CommonName client one", true)]
    [InlineData("CN=client one", "CommonName Client One", false)]
    [InlineData("cn=ops-*", "CommonName ops-7", true)]
    [InlineData("CN=*-ops", "CommonName x-ops", true)]
    [InlineData("CN=x", "Dns cn=x", false)]
    public void Matches_NamesOfItsKindOnly(string text, string name, bool expected)
    {
        Assert.True(CertificatePattern.TryParse(text, out var pattern));

        var parts = name.Split(' ', 2);
        Assert.Equal(expected, pattern.Matches(new(Enum.Parse<CertificateNameKind>(parts[0]), parts[1])));
    }

    [Theory]
    [InlineData("")]
    [InlineData("*")]
    [InlineData("**")]
    [InlineData("a*b")]
    [InlineData("*a*")]
    [InlineData("CN=")]
    [InlineData("CN=*")]
    [InlineData("a b")]
    [InlineData("bücher.example")]
    [InlineData("a\0b")]
    public void TryParse_NoPattern_False(string text) => Assert.False(CertificatePattern.TryParse(text, out _));
}
