using System.Text;
using Proxy.Peeking.Hello;

namespace Proxy.Core.Tests.Peeking.Hello;

public sealed class ClientHelloParserTests
{
    [Theory]
    [InlineData("mail.example.com", "mail.example.com")]
    [InlineData("MAIL.Example.Com", "mail.example.com")]
    [InlineData("mail.example.com.", "mail.example.com")]
    [InlineData("_sip._tcp.example.com", "_sip._tcp.example.com")]
    [InlineData("localhost", "localhost")]
    [InlineData("xn--bcher-kva.example", "xn--bcher-kva.example")]
    [InlineData("mail.example.com..", null)]
    [InlineData(".example.com", null)]
    [InlineData(".", null)]
    [InlineData("", null)]
    [InlineData("a..b", null)]
    [InlineData("mail.example.com\0.evil.example", null)]
    [InlineData("mail.example.com\r\nevil", null)]
    [InlineData("\u001b[31mmail", null)]
    [InlineData("b\u00fccher.example", null)]
    [InlineData("*.example.com", null)]
    [InlineData("a,b.example", null)]
    [InlineData("mail.example.com:443", null)]
    [InlineData("192.0.2.1", null)]
    [InlineData("3221225985", null)]
    [InlineData("2001:db8::1", null)]
    [InlineData("[2001:db8::1]", null)]
    public void Parse_ServerName_OnlyNamesOfHosts(string sent, string? expected)
    {
        Assert.Equal(expected, Parse(Hellos.ServerName(sent)).ServerName);
    }

    [Theory]
    [InlineData(63, 3, 253, true)]
    [InlineData(63, 3, 254, false)]
    [InlineData(64, 1, 64, false)]
    public void Parse_LongName_TakenUpToTheLimits(int label, int dots, int length, bool isName)
    {
        var name = string.Join('.', Enumerable.Repeat(new string('a', label), dots + 1))[..length];

        Assert.Equal(isName ? name : null, Parse(Hellos.ServerName(name)).ServerName);
    }

    [Fact]
    public void Parse_LongestExtension_NoName()
    {
        Assert.Null(Parse(Hellos.ServerName(new string('a', 16_000))).ServerName);
    }

    [Fact]
    public void Parse_TwoNames_NoName()
    {
        byte[][] names = [Encoding.ASCII.GetBytes("a.example"), Encoding.ASCII.GetBytes("b.example")];

        Assert.Null(Parse(Hellos.ServerName(names)).ServerName);
    }

    [Fact]
    public void Parse_ExtensionTwice_NoNameAndNoProtocols()
    {
        var hello = Parse(Hellos.ServerName("a.example"), Hellos.Alpn("h2"), Hellos.ServerName("b.example"), Hellos.Alpn("h2"));

        Assert.Null(hello.ServerName);
        Assert.Empty(hello.AlpnProtocols);
    }

    [Theory]
    [InlineData("")] // no list
    [InlineData("0000")] // an empty list
    [InlineData("00040000026162")] // the list ends within the name
    [InlineData("0005000002616200")] // a byte behind the list
    [InlineData("00060000026162 00")] // a byte behind the name
    [InlineData("0005010002 6162")] // no name of a host
    public void Parse_OddServerName_NoName(string hex)
    {
        Assert.Null(Parse(Hellos.Extension(0, Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal)))).ServerName);
    }

    [Theory]
    [InlineData("00 03 02 68 32", "h2")]
    [InlineData("00 06 02 68 32 02 1b 0a", "h2,\u001b\n")]
    [InlineData("00 00", "")]
    [InlineData("00 01 00", "")] // an empty name
    [InlineData("00 03 03 68 32", "")] // the list ends within the name
    [InlineData("00 03 02 68 32 00", "")] // a byte behind the list
    public void Parse_Alpn_OnlyWhatFits(string hex, string expected)
    {
        var content = Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal));

        Assert.Equal(expected, string.Join(',', Parse(Hellos.Extension(16, content)).AlpnProtocols));
    }

    [Theory]
    [InlineData(64, 64)]
    [InlineData(65, 0)]
    public void Parse_ManyProtocols_NoneOfTooMany(int sent, int expected)
    {
        var names = Enumerable.Range(0, sent).Select(static i => $"p{i}").ToArray();

        Assert.Equal(expected, Parse(Hellos.Alpn(names)).AlpnProtocols.Count);
    }

    [Fact]
    public void Parse_WithoutExtensions_NoName()
    {
        Assert.Same(ClientHello.Unusable, ClientHelloParser.Parse(Hellos.Message([])[4..]));
    }

    [Fact]
    public void Parse_EveryShorterMessage_Refused()
    {
        var message = Hellos.MessageOf(Hellos.OpenSsl)[4..];
        for (var length = 0; length < message.Length; length++)
        {
            var hello = ClientHelloParser.Parse(message.AsSpan(0, length));
            Assert.True(hello is null || ReferenceEquals(hello, ClientHello.Unusable), $"{length} bytes");
        }
    }

    [Fact]
    public void Parse_LongSessionOrByteBehind_Refused()
    {
        Assert.Null(ClientHelloParser.Parse(Hellos.Message(Hellos.Extensions(), session: 33)[4..]));
        Assert.Null(ClientHelloParser.Parse([.. Hellos.Message(Hellos.Extensions())[4..], 0]));
    }

    private static ClientHello Parse(params byte[][] extensions) =>
        ClientHelloParser.Parse(Hellos.Message(Hellos.Extensions(extensions))[4..])!;
}
