using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Proxy.ProxyProtocol;

namespace Proxy.Core.Tests.ProxyProtocol;

public sealed class ProxyHeaderReaderTests
{
    public static TheoryData<string, string?, string?> Lines =>
        new()
        {
            { "PROXY TCP4 192.0.2.1 198.51.100.2 1000 443\r\n", "192.0.2.1:1000", "198.51.100.2:443" },
            { "PROXY TCP4 255.255.255.255 0.0.0.0 65535 0\r\n", "255.255.255.255:65535", "0.0.0.0:0" },
            { "PROXY TCP6 2001:db8::1 2001:DB8::2 1000 443\r\n", "[2001:db8::1]:1000", "[2001:db8::2]:443" },
            { "PROXY TCP6 :: ::1 1 2\r\n", "[::]:1", "[::1]:2" },
            { "PROXY TCP6 1:2:3:4:5:6:7:8 1:: 1 2\r\n", "[1:2:3:4:5:6:7:8]:1", "[1::]:2" },
            { "PROXY TCP6 ::ffff:192.0.2.1 ::ffff:c633:6402 1 2\r\n", "192.0.2.1:1", "198.51.100.2:2" },
            {
                "PROXY TCP6 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n",
                "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535",
                "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535"
            },
            { "PROXY UNKNOWN\r\n", null, null },
            { "PROXY UNKNOWN ffff:f...f:ffff anything at all 65535\r\n", null, null },
        };

    public static TheoryData<string> WrongLines =>
        [
            "PROXY \r\n",
            "PROXY TCP4\r\n",
            "PROXY TCP5 192.0.2.1 192.0.2.2 1 2\r\n",
            "PROXY tcp4 192.0.2.1 192.0.2.2 1 2\r\n",
            "PROXY UDP4 192.0.2.1 192.0.2.2 1 2\r\n",
            "PROXY UNKNOWNS\r\n",
            "PROXY TCP4 192.0.2.1 192.0.2.2 1\r\n",
            "PROXY TCP4 192.0.2.1 192.0.2.2 1 2 3\r\n",
            "PROXY TCP4 192.0.2.1 192.0.2.2 1 2 \r\n",
            "PROXY  TCP4 192.0.2.1 192.0.2.2 1 2\r\n",
            "PROXY TCP4  192.0.2.1 192.0.2.2 1 2\r\n",
            "PROXY TCP4\t192.0.2.1 192.0.2.2 1 2\r\n",
            "PROXY TCP4 192.0.2.1 192.0.2.2 1 2\n",
            "PROXY TCP4 192.0.2.1 192.0.2.2 1 2\n\r\n",
            "PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\r\n",
            "PROXY TCP4 192.0.2.256 192.0.2.2 1 2\r\n",
            "PROXY TCP4 192.0.2.01 192.0.2.2 1 2\r\n",
            "PROXY TCP4 192.0.2 192.0.2.2 1 2\r\n",
            "PROXY TCP4 192.0.2.1.1 192.0.2.2 1 2\r\n",
            "PROXY TCP4 192.0.2. 192.0.2.2 1 2\r\n",
            "PROXY TCP4 .0.2.1 192.0.2.2 1 2\r\n",
            "PROXY TCP4 3221225985 192.0.2.2 1 2\r\n",
            "PROXY TCP4 0xC0.0.2.1 192.0.2.2 1 2\r\n",
            "PROXY TCP4 192.0.2.4294967297 192.0.2.2 1 2\r\n",
            "PROXY TCP4 +92.0.2.1 192.0.2.2 1 2\r\n",
            "PROXY TCP4 ::1 ::2 1 2\r\n",
            "PROXY TCP4 192.0.2.1 192.0.2.2 65536 2\r\n",
            "PROXY TCP4 192.0.2.1 192.0.2.2 1 4294967298\r\n",
            "PROXY TCP4 192.0.2.1 192.0.2.2 01 2\r\n",
            "PROXY TCP4 192.0.2.1 192.0.2.2 -1 2\r\n",
            "PROXY TCP4 192.0.2.1 192.0.2.2 +1 2\r\n",
            "PROXY TCP4 192.0.2.1 192.0.2.2 0x1 2\r\n",
            "PROXY TCP4 192.0.2.1 192.0.2.2  2\r\n",
            "PROXY TCP4 192.0.2.1\0 192.0.2.2 1 2\r\n",
            "PROXY TCP4 192.0.2.1 192.0.2.2 1 2\0\r\n",
            "PROXY TCP6 192.0.2.1 192.0.2.2 1 2\r\n",
            "PROXY TCP6 fe80::1%eth0 ::1 1 2\r\n",
            "PROXY TCP6 fe80::1%1 ::1 1 2\r\n",
            "PROXY TCP6 [::1] ::1 1 2\r\n",
            "PROXY TCP6 ::1/64 ::1 1 2\r\n",
            "PROXY TCP6 1::2::3 ::1 1 2\r\n",
            "PROXY TCP6 ::: ::1 1 2\r\n",
            "PROXY TCP6 1:2:3:4:5:6:7 ::1 1 2\r\n",
            "PROXY TCP6 1:2:3:4:5:6:7:8:9 ::1 1 2\r\n",
            "PROXY TCP6 1:2:3:4:5:6:7::8:9 ::1 1 2\r\n",
            "PROXY TCP6 1:2:3:4:5:6:7:8:: ::1 1 2\r\n",
            "PROXY TCP6 :1:2:3:4:5:6:7:8 ::1 1 2\r\n",
            "PROXY TCP6 1:2:3:4:5:6:7:8: ::1 1 2\r\n",
            "PROXY TCP6 12345::1 ::1 1 2\r\n",
            "PROXY TCP6 g::1 ::1 1 2\r\n",
            "PROXY TCP6 ::ffff:192.0.2.01 ::1 1 2\r\n",
            "PROXY TCP6 1:2:3:4:5:6:7:192.0.2.1 ::1 1 2\r\n",
            "PROXY UNKNOWN " + new string('x', 92) + "\r\n",
        ];

    public static TheoryData<string, byte[]> WrongHeaders =>
        new()
        {
            { "version 1", HeaderBytes.V2(0x11, 0x11, new byte[12]) },
            { "command 2", HeaderBytes.V2(0x22, 0x11, new byte[12]) },
            { "family 4", HeaderBytes.V2(0x21, 0x41, new byte[216]) },
            { "protocol 3", HeaderBytes.V2(0x21, 0x13, new byte[216]) },
            { "IPv4 in 11 bytes", HeaderBytes.V2(0x21, 0x11, new byte[11]) },
            { "IPv4 in no bytes", HeaderBytes.V2(0x21, 0x11, []) },
            { "IPv6 in 35 bytes", HeaderBytes.V2(0x21, 0x21, new byte[35]) },
            { "a TLV of one byte", HeaderBytes.Four([4]) },
            { "a TLV of two bytes", HeaderBytes.Four([4, 0]) },
            { "a TLV that overruns", HeaderBytes.Four([4, 0, 2, 0]) },
            { "a TLV that overruns by far", HeaderBytes.Four([4, 0xFF, 0xFF, 0]) },
            { "a byte behind a TLV", HeaderBytes.Four(HeaderBytes.Tlv(4, "x"), [0]) },
            { "a wrong checksum", HeaderBytes.Four(HeaderBytes.Tlv(3, "abcd")) },
            { "a checksum of three bytes", HeaderBytes.Four(HeaderBytes.Tlv(3, "abc")) },
            { "a unique id of 129 bytes", HeaderBytes.Four(HeaderBytes.Tlv(5, new string('x', 129))) },
            { "TLS of four bytes", HeaderBytes.Four(HeaderBytes.Tlv(0x20, "\u0001\0\0\0")) },
            { "TLS whose value overruns", HeaderBytes.Four(HeaderBytes.Tlv(0x20, "\u0001\0\0\0\0\u0021\0\u0009x")) },
            { "4097 bytes", HeaderBytes.Four(HeaderBytes.Tlv(4, new byte[4097 - 16 - 12 - 3])) },
        };

    [Theory]
    [MemberData(nameof(Lines))]
    public void Read_Line_AddressesAndWhatFollowsIsLeft(string line, string? source, string? destination)
    {
        var bytes = Encoding.Latin1.GetBytes(line);

        Assert.Equal(ProxyHeaderStatus.Complete, ProxyHeaderReader.Read([.. bytes, .. "PROXY TCP4 "u8], out var header, out var length));
        Assert.Equal((bytes.Length, source, destination), (length, header!.Source?.ToString(), header.Destination?.ToString()));
        Assert.Equal((1, false), (header.Version, header.IsLocal));
        MoreBytesAtEverySplit(bytes);
    }

    [Theory]
    [MemberData(nameof(WrongLines))]
    public void Read_WrongLine_Invalid(string line)
    {
        Assert.Equal(ProxyHeaderStatus.Invalid, Read(Encoding.Latin1.GetBytes(line)));
    }

    [Fact]
    public void Read_LineWithoutEnd_InvalidAfter107Bytes()
    {
        var bytes = Encoding.ASCII.GetBytes("PROXY UNKNOWN " + new string('x', 200));

        Assert.Equal(ProxyHeaderStatus.MoreBytes, Read(bytes[..106]));
        Assert.Equal(ProxyHeaderStatus.Invalid, Read(bytes[..107]));
    }

    [Theory]
    [InlineData("GET / HTTP/1.1\r\n")]
    [InlineData("PRI * HTTP/2.0\r\n")]
    [InlineData("PROXIES")]
    [InlineData("proxy TCP4")]
    [InlineData(" PROXY TCP4")]
    [InlineData("\r\n\r\n\0\r\nQUIX")]
    [InlineData("\r\nx")]
    public void Read_OtherBytes_None(string text)
    {
        Assert.Equal(ProxyHeaderStatus.None, Read(Encoding.Latin1.GetBytes(text)));
    }

    [Fact]
    public void Read_Binary_AddressesAndValues()
    {
        byte[] tls =
        [
            7,
            0,
            0,
            0,
            0,
            .. HeaderBytes.Tlv(0x21, "TLSv1.3"),
            .. HeaderBytes.Tlv(0x22, "c\u001bn"),
            .. HeaderBytes.Tlv(0x23, "AES"),
        ];
        var bytes = HeaderBytes.Sum(
            HeaderBytes.Four(
                HeaderBytes.Tlv(1, "h2"),
                HeaderBytes.Tlv(2, "a.example"),
                HeaderBytes.Tlv(2, "second.example"),
                HeaderBytes.Tlv(3, "\0\0\0\0"),
                HeaderBytes.Tlv(4, "padding"),
                HeaderBytes.Tlv(5, "id"),
                HeaderBytes.Tlv(0x20, tls),
                HeaderBytes.Tlv(0xEA, "\u0001vpce-08d2bf15fac5001c9"),
                HeaderBytes.Tlv(0xEE, "\u0001\u0002\u0000\u0000\u0001"),
                HeaderBytes.Tlv(0xF0, "")
            )
        );

        Assert.Equal(ProxyHeaderStatus.Complete, ProxyHeaderReader.Read(bytes, out var header, out var length));
        Assert.Equal((bytes.Length, "192.0.2.1:1000", "198.51.100.2:443"), (length, $"{header!.Source}", $"{header.Destination}"));
        Assert.Equal(("h2", "a.example", "id"), (header.Alpn, header.Authority, Encoding.ASCII.GetString(header.UniqueId.Span)));
        Assert.Equal(new ProxyTls(true, true, true, "TLSv1.3", "c\u001bn", "AES"), header.Tls);
        Assert.Equal(("vpce-08d2bf15fac5001c9", 0x01000002u), (header.AwsVpcEndpointId, header.AzureLinkId));
        Assert.Equal(10, header.Tlvs.Count);
        MoreBytesAtEverySplit(bytes);
    }

    [Fact]
    public void Read_BinaryIPv6_AlsoWhereTheHostHasNone()
    {
        ProxyHeaderReader.Read(HeaderBytes.Six("2001:db8::1", "2001:db8::2"), out var six, out _);
        ProxyHeaderReader.Read(HeaderBytes.Six("::ffff:192.0.2.1", "::ffff:192.0.2.2"), out var mapped, out _);

        Assert.Equal(("[2001:db8::1]:1000", "[2001:db8::2]:443"), ($"{six!.Source}", $"{six.Destination}"));
        Assert.Equal(("192.0.2.1:1000", "192.0.2.2:443"), ($"{mapped!.Source}", $"{mapped.Destination}"));
    }

    [Theory]
    [MemberData(nameof(WrongHeaders))]
    public void Read_WrongBinary_Invalid(string what, byte[] bytes)
    {
        Assert.True(Read(bytes) == ProxyHeaderStatus.Invalid, what);
    }

    [Theory]
    [InlineData(0x20, 0x00, 0, true)] // a health check
    [InlineData(0x20, 0x11, 5, true)] // the rest of a local header is ignored, whatever it is
    [InlineData(0x20, 0xFF, 300, true)]
    [InlineData(0x21, 0x00, 0, false)]
    [InlineData(0x21, 0x00, 7, false)] // nor is it known what an unspecified family has for addresses
    [InlineData(0x21, 0x12, 0, false)] // UDP
    [InlineData(0x21, 0x12, 12, false)]
    [InlineData(0x21, 0x22, 36, false)]
    [InlineData(0x21, 0x31, 216, false)] // unix
    [InlineData(0x21, 0x32, 216, false)]
    public void Read_BinaryWithoutAddresses_TakenWithTheConnectionsOwn(byte command, byte family, int length, bool isLocal)
    {
        var bytes = HeaderBytes.V2(command, family, new byte[length]);

        Assert.Equal(ProxyHeaderStatus.Complete, ProxyHeaderReader.Read(bytes, out var header, out var read));
        Assert.Equal((bytes.Length, isLocal), (read, header!.IsLocal));
        Assert.Null(header.Source);
        Assert.Null(header.Destination);
    }

    [Fact]
    public void Read_LengthBeyondTheBound_InvalidBeforeItsBytesCome()
    {
        Assert.Equal(ProxyHeaderStatus.Invalid, Read([.. HeaderBytes.Signature, 0x21, 0x11, 0xFF, 0xFF]));
        Assert.Equal(ProxyHeaderStatus.Invalid, Read([.. HeaderBytes.Signature, 0x20, 0x00, 0xFF, 0xFF]));
        Assert.Equal(ProxyHeaderStatus.Invalid, Read([.. HeaderBytes.Signature, 0x31]));
        Assert.Equal(
            ProxyHeaderStatus.Complete,
            Read(HeaderBytes.Four(HeaderBytes.Tlv(4, new byte[ProxyHeaderReader.MaxLength - 16 - 12 - 3])))
        );
    }

    [Fact]
    public void Read_AuthorityThatIsNoUtf8_NoneAndTheRestIsTaken()
    {
        ProxyHeaderReader.Read(HeaderBytes.Four(HeaderBytes.Tlv(2, "\u00ff\u00fe")), out var header, out _);

        Assert.Null(header!.Authority);
        Assert.Equal("192.0.2.1:1000", $"{header.Source}");
    }

    [Fact]
    public void Read_Garbage_EndsWithinBounds()
    {
        var rest = ArbMap.Default.ArbFor<byte[]>();

        Check.One(
            Config.QuickThrowOnFailure.WithMaxTest(3000).WithEndSize(300),
            Prop.ForAll(
                rest,
                static bytes =>
                {
                    foreach (
                        byte[] start in (byte[][])
                            [
                                [],
                                [.. "PROXY "u8],
                                [.. "PROXY TCP6 "u8],
                                HeaderBytes.Signature,
                                [.. HeaderBytes.Signature, 0x21, 0x11, 0],
                            ]
                    )
                    {
                        byte[] all = [.. start, .. bytes];
                        var before = GC.GetAllocatedBytesForCurrentThread();
                        var status = ProxyHeaderReader.Read(all, out var header, out var length);
                        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 100_000);
                        Assert.Equal(status == ProxyHeaderStatus.Complete, header is not null);
                        Assert.True(status != ProxyHeaderStatus.Complete || length <= all.Length);
                        _ = (header?.Authority, header?.Alpn, header?.Tls, header?.AwsVpcEndpointId, header?.AzureLinkId, header?.UniqueId);
                    }
                }
            )
        );
    }

    private static void MoreBytesAtEverySplit(byte[] bytes)
    {
        for (var length = 0; length < bytes.Length; length++)
        {
            Assert.Equal(ProxyHeaderStatus.MoreBytes, Read(bytes[..length]));
        }
    }

    private static ProxyHeaderStatus Read(byte[] bytes) => ProxyHeaderReader.Read(bytes, out _, out _);
}
