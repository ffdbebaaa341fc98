using Proxy.ProxyProtocol;

namespace Proxy.Core.Tests.ProxyProtocol;

public sealed class Crc32CTests
{
    [Fact]
    public void Of_ExamplesOfTheStandard_AsThere()
    {
        // RFC 3720, B.4, most significant byte first.
        Assert.Equal(0x8A9136AAu, Crc32C.Of(new byte[32]));
        Assert.Equal(0x62A8AB43u, Crc32C.Of([.. Enumerable.Repeat((byte)0xFF, 32)]));
        Assert.Equal(0xE3069283u, Crc32C.Of("123456789"u8));
    }
}
