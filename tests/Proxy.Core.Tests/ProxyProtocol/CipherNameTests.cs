using Proxy.ProxyProtocol;

namespace Proxy.Core.Tests.ProxyProtocol;

public sealed class CipherNameTests
{
    [Theory] // the names that `openssl ciphers -stdname` shows side by side
    [InlineData("TLS_AES_256_GCM_SHA384", "TLS_AES_256_GCM_SHA384")]
    [InlineData("TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", "ECDHE-ECDSA-AES256-GCM-SHA384")]
    [InlineData("TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256", "ECDHE-RSA-CHACHA20-POLY1305")]
    [InlineData("TLS_DHE_RSA_WITH_AES_128_CBC_SHA256", "DHE-RSA-AES128-SHA256")]
    [InlineData("TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA", "ECDHE-RSA-AES128-SHA")]
    [InlineData("TLS_RSA_WITH_AES_256_CBC_SHA", "AES256-SHA")]
    [InlineData("TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8", "ECDHE-ECDSA-AES128-CCM8")]
    public void OfOpenSsl_IanaName_ItsOwn(string name, string expected) => Assert.Equal(expected, CipherName.OfOpenSsl(name));
}
