using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Proxy.Configuration.Reading;

namespace Proxy.Core.Tests.Configuration;

/// <summary>The patterns of the schema take whatever the reader takes.</summary>
public sealed class DocumentFormsTests
{
    private static readonly JsonNode _properties = JsonNode.Parse(TcpProxyExtensions.GenerateSchema())!["properties"]!;

    [Theory]
    [InlineData("*:8443")]
    [InlineData("0.0.0.0:0")]
    [InlineData("127.0.0.1:1-9")]
    [InlineData("localhost:80")]
    [InlineData("LocalHost:80")]
    [InlineData("[::1]:80")]
    [InlineData("[::ffff:10.0.0.1]:80")]
    [InlineData("unix:/run/a b.sock")]
    public void Of_ListenAddressOfTheReader_Matches(string text)
    {
        Assert.True(ListenAddress.TryParse(text, out _, out _));
        Assert.Matches(Pattern("ReverseProxy", "TcpRoutes", "*", "Listen"), text);
    }

    [Theory]
    [InlineData("tcp://host:1")]
    [InlineData("TCP://host.example.com:65535")]
    [InlineData("tcp://[::1]:5")]
    [InlineData("tcp://10.0.0.1:2000-2999")]
    [InlineData("unix:/run/x.sock")]
    public void Of_DestinationOfTheReader_Matches(string text)
    {
        Assert.True(DestinationAddress.TryParseRange(text, out _, out _));
        Assert.Matches(Pattern("ReverseProxy", "Clusters", "*", "Destinations", "*", "Address"), text);
    }

    [Theory]
    [InlineData("http://host")]
    [InlineData("https://10.0.0.1:8443/path?query")]
    public void Of_HttpDestination_Matches(string text) =>
        Assert.Matches(Pattern("ReverseProxy", "Clusters", "*", "Destinations", "*", "Address"), text);

    [Theory]
    [InlineData("hex:0D0a")]
    [InlineData("HEX:00")]
    [InlineData("\r\n")]
    [InlineData("hexa")]
    public void Of_BytesOfTheReader_Match(string text)
    {
        Assert.True(ByteText.TryParse(text, out _, out _));
        Assert.Matches(Pattern("ReverseProxy", "Clusters", "*", "Multiplex", "Framing", "Delimiter", "Bytes"), text);
    }

    [Theory]
    [InlineData("hex:0D0")]
    [InlineData("hex:")]
    [InlineData("hex:zz")]
    public void Of_WrongBytes_DoNotMatch(string text) =>
        Assert.DoesNotMatch(Pattern("ReverseProxy", "Clusters", "*", "Multiplex", "Framing", "Delimiter", "Bytes"), text);

    [Theory]
    [InlineData("10.0.0.0/8")]
    [InlineData("192.0.2.1")]
    [InlineData("fd00::/8")]
    [InlineData("::1")]
    public void Of_Network_Matches(string text)
    {
        Assert.True(System.Net.IPNetwork.TryParse(text, out _) || System.Net.IPAddress.TryParse(text, out _));
        Assert.Matches(Pattern("ReverseProxy", "TcpRoutes", "*", "Match", "SourceNetworks"), text);
    }

    private static Regex Pattern(params string[] path)
    {
        var node = path.Aggregate(
            new JsonObject { ["properties"] = _properties.DeepClone() } as JsonNode,
            static (schema, key) =>
            {
                var found = schema["properties"] is null && schema["anyOf"] is JsonArray choices ? choices[0]! : schema;
                return key == "*" ? found["additionalProperties"]! : found["properties"]![key]!;
            }
        );
        return new Regex((string)node["pattern"]!, RegexOptions.ECMAScript);
    }
}
