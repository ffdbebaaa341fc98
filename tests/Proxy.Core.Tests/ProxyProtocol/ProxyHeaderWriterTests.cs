using System.Net;
using System.Net.Sockets;
using System.Text;
using Proxy.Configuration.Clusters;
using Proxy.ProxyProtocol;

namespace Proxy.Core.Tests.ProxyProtocol;

public sealed class ProxyHeaderWriterTests
{
    [Theory]
    [InlineData("192.0.2.1:1000", "198.51.100.2:443", "PROXY TCP4 192.0.2.1 198.51.100.2 1000 443\r\n")]
    [InlineData("[2001:db8::1]:1000", "[2001:db8::2]:443", "PROXY TCP6 2001:db8::1 2001:db8::2 1000 443\r\n")]
    [InlineData("[fe80::1%3]:1000", "[fe80::2%3]:443", "PROXY TCP6 fe80::1 fe80::2 1000 443\r\n")]
    [InlineData("192.0.2.1:1000", "[2001:db8::2]:443", "PROXY TCP6 ::ffff:192.0.2.1 2001:db8::2 1000 443\r\n")]
    public void Write_V1_LineThatReadsBack(string client, string local, string line)
    {
        var written = ProxyHeaderWriter.Write(ProxyProtocolVersion.V1, Origin(client, local));

        Assert.Equal(line, Encoding.ASCII.GetString(written));
        Assert.Equal(ProxyHeaderStatus.Complete, ProxyHeaderReader.Read(written, out var header, out _));
        Assert.Equal(IPEndPoint.Parse(client).Port, header!.Source!.Port);
    }

    [Fact]
    public void Write_V2_AddressesNameProtocolAndId()
    {
        var written = ProxyHeaderWriter.Write(
            ProxyProtocolVersion.V2,
            Origin("192.0.2.1:1000", "198.51.100.2:443") with
            {
                ServerName = "a.example",
                Alpn = "h2",
            }
        );

        Assert.Equal(ProxyHeaderStatus.Complete, ProxyHeaderReader.Read(written, out var header, out var length));
        Assert.Equal((written.Length, "192.0.2.1:1000", "198.51.100.2:443"), (length, $"{header!.Source}", $"{header.Destination}"));
        Assert.Equal(("a.example", "h2", "0000002A"), (header.Authority, header.Alpn, Encoding.ASCII.GetString(header.UniqueId.Span)));
    }

    [Theory]
    [InlineData(null, null)]
    [InlineData("CN=client one, O=test", "client one")]
    public void Write_TlsTerminated_BlockThatReadsBack(string? subject, string? name)
    {
        var written = ProxyHeaderWriter.Write(
            ProxyProtocolVersion.V2,
            Origin("192.0.2.1:1000", "198.51.100.2:443") with
            {
                Tls = new("1.2", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", false, "a.example", "h2", subject, []) { PeerCommonName = name },
            }
        );

        Assert.Equal(ProxyHeaderStatus.Complete, ProxyHeaderReader.Read(written, out var header, out _));
        Assert.Equal(new ProxyTls(true, name is not null, name is not null, "TLSv1.2", name, "ECDHE-RSA-AES128-GCM-SHA256"), header!.Tls);
    }

    [Theory]
    [InlineData(255, true)]
    [InlineData(256, false)]
    [InlineData(70_000, false)] // more than a length can say
    public void Write_LongCommonName_LeftOut(int length, bool isThere)
    {
        var name = new string('n', length);
        var written = ProxyHeaderWriter.Write(
            ProxyProtocolVersion.V2,
            Origin("192.0.2.1:1000", "198.51.100.2:443") with
            {
                Tls = new("1.3", "TLS_AES_128_GCM_SHA256", false, "a.example", "h2", $"CN={name}", []) { PeerCommonName = name },
            }
        );

        Assert.Equal(ProxyHeaderStatus.Complete, ProxyHeaderReader.Read(written, out var header, out _));
        Assert.Equal(new ProxyTls(true, true, true, "TLSv1.3", isThere ? name : null, "TLS_AES_128_GCM_SHA256"), header!.Tls);
    }

    [Fact]
    public void Write_PassedValues_TakeThePlaceOfOwnOnes()
    {
        var written = ProxyHeaderWriter.Write(
            ProxyProtocolVersion.V2,
            Origin("192.0.2.1:1000", "198.51.100.2:443") with
            {
                ServerName = "a.example",
                Passed = [new(5, "their id"u8.ToArray()), new(0xEA, "\u0001vpce-1"u8.ToArray()), new(0xE0, Array.Empty<byte>())],
            }
        );

        Assert.Equal(ProxyHeaderStatus.Complete, ProxyHeaderReader.Read(written, out var header, out _));
        Assert.Equal(
            ("a.example", "their id", "vpce-1"),
            (header!.Authority, Encoding.ASCII.GetString(header.UniqueId.Span), header.AwsVpcEndpointId)
        );
        Assert.Equal([2, 5, 0xEA, 0xE0], header.Tlvs.Select(static tlv => (int)tlv.Type));
    }

    [Theory]
    [InlineData(65_535)]
    [InlineData(40_000)]
    public void Write_MoreThanAHeaderHolds_WhatDoesNotFitIsLeftOutWhole(int size)
    {
        var written = ProxyHeaderWriter.Write(
            ProxyProtocolVersion.V2,
            Origin("192.0.2.1:1000", "198.51.100.2:443") with
            {
                Passed = [new(0xE1, new byte[size]), new(0xE2, new byte[size]), new(0xE3, new byte[10])],
            }
        );

        var length = (written[14] << 8) + written[15];
        Assert.Equal(written.Length - 16, length);
        var expected = size == 40_000 ? 12 + 3 + 8 + 3 + size + 3 + 10 : 12 + 3 + 8 + 3 + 10; // addresses, own id, and what fits
        Assert.Equal(expected, length);
    }

    [Fact]
    public void Write_V2OfIPv6_ReadsBack()
    {
        var written = ProxyHeaderWriter.Write(ProxyProtocolVersion.V2, Origin("[2001:db8::1]:1000", "[2001:db8::2]:443"));

        ProxyHeaderReader.Read(written, out var header, out _);
        Assert.Equal(("[2001:db8::1]:1000", "[2001:db8::2]:443"), ($"{header!.Source}", $"{header.Destination}"));
        Assert.Null(header.Authority);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Write_NoClientOrOneOfAUnixSocket_UnknownOrLocal(bool hasClient)
    {
        ProxyOrigin? origin = hasClient ? new(null, new UnixDomainSocketEndPoint("/tmp/x"), null, null, "1") : null;

        Assert.Equal("PROXY UNKNOWN\r\n"u8, ProxyHeaderWriter.Write(ProxyProtocolVersion.V1, origin));
        Assert.Equal([.. HeaderBytes.Signature, 0x20, 0, 0, 0], ProxyHeaderWriter.Write(ProxyProtocolVersion.V2, origin));
    }

    private static ProxyOrigin Origin(string client, string local) =>
        new(IPEndPoint.Parse(client), IPEndPoint.Parse(local), null, null, "0000002A");
}
