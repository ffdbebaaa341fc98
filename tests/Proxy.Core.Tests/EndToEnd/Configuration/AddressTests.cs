using System.Net;
using System.Net.Sockets;
using Proxy.Configuration.Reading;
using Proxy.Core.Tests.Configuration;

namespace Proxy.Core.Tests.EndToEnd.Configuration;

/// <summary>Addresses that are wrong, or wrong together.</summary>
public sealed class AddressTests : IDisposable
{
    private readonly ConfigDocument _document = new();

    [Theory]
    [InlineData("127.0.0.1:65536", "'65536' is no port; ports are 0 to 65535, a range is first-last.")]
    [InlineData("127.0.0.1:-1", "'-1' is no port; ports are 0 to 65535, a range is first-last.")]
    [InlineData("127.0.0.1:+1", "'+1' is no port; ports are 0 to 65535, a range is first-last.")]
    [InlineData("127.0.0.1:99999999999999999999", "'99999999999999999999' is no port; ports are 0 to 65535, a range is first-last.")]
    [InlineData("127.0.0.1:", "'' is no port; ports are 0 to 65535, a range is first-last.")]
    [InlineData("127.0.0.1:1-", "'1-' is no port; ports are 0 to 65535, a range is first-last.")]
    [InlineData("127.0.0.1:65535-65536", "'65535-65536' is no port; ports are 0 to 65535, a range is first-last.")]
    [InlineData("127.0.0.1:1-2-3", "'1-2-3' is no port; ports are 0 to 65535, a range is first-last.")]
    [InlineData("127.0.0.1:9-8", "'9-8' is no range of ports; the first is at least 1 and not above the last.")]
    [InlineData("127.0.0.1:0-8", "'0-8' is no range of ports; the first is at least 1 and not above the last.")]
    [InlineData("127.0.0.1:1-65535", "'1-65535' is more than 1024 ports; split it or use fewer.")]
    [InlineData("::1:80", "write IPv6 addresses in brackets: [::1]:port.")]
    [InlineData("010.0.0.1:80", "'010.0.0.1' is no IPv4 address; it needs four decimal parts.")]
    [InlineData("[::1]", "'[::1]' has no port; write ip:port, [v6]:port, *:port, localhost:port, ip:first-last or unix:/path.")]
    [InlineData("1e99", "'1e99' has no port; write ip:port, [v6]:port, *:port, localhost:port, ip:first-last or unix:/path.")]
    [InlineData("unix:run/a", "'run/a' is not an absolute path; write unix:/run/name.sock.")]
    [InlineData("unix:", "'' is not an absolute path; write unix:/run/name.sock.")]
    public void Read_WrongListen_IsTheOnlyError(string address, string message)
    {
        Expect(ConfigKey.Document("ReverseProxy:TcpEndpoints:e:Address", $"\"{address}\""), "TcpEndpoints:e:Address", message);
        Expect(ConfigKey.Document("ReverseProxy:TcpEndpoints:e:Address", $"[\"*:1\", \"{address}\"]"), "TcpEndpoints:e:Address:1", message);
        ExpectRoutes($"'r': {{ 'Listen': '{address}', 'ClusterId': 'c' }}", "r:Listen", message);
    }

    [Theory]
    [InlineData("{ 'Url': 'nonsense' }", "'nonsense' is no URL to listen at; ")]
    [InlineData("{ 'Url': '' }", "is required and missing; ")]
    [InlineData("null", "is required and missing; ")]
    [InlineData("{ 'Url': 'ftp://127.0.0.1:80' }", "'ftp://127.0.0.1:80' is no URL to listen at; ")]
    [InlineData("{ 'Url': 'http://127.0.0.1:65536' }", "'http://127.0.0.1:65536' is no URL to listen at; ")]
    [InlineData("{ 'Url': 'http://127.0.0.1:-1' }", "'http://127.0.0.1:-1' is no URL to listen at; ")]
    [InlineData("{ 'Url': 'http://127.0.0.1:x' }", "'http://127.0.0.1:x' is no URL to listen at; ")]
    [InlineData("{ 'Url': 'http://127.0.0.1:80/path' }", "'http://127.0.0.1:80/path' is no URL to listen at; ")]
    [InlineData("{ 'Url': 'http://unix:' }", "'http://unix:' is no URL to listen at; ")]
    public void Read_WrongUrlOfKestrel_IsTheOnlyError(string endpoint, string message)
    {
        var error = Assert.Single(_document.Read($"{{'Kestrel':{{'Endpoints':{{'h':{endpoint}}}}}}}".Replace('\'', '"')).Errors);

        Assert.Equal(("Kestrel:Endpoints:h:Url", 1), (error.Path, error.Line));
        Assert.StartsWith(message, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("http://127.0.0.1:0")]
    [InlineData("https://[::1]:443")]
    [InlineData("HTTP://localhost")]
    [InlineData("http://*:80/")]
    [InlineData("http://unix:/run/http.sock")]
    public void Read_UrlOfKestrel_IsTaken(string address) =>
        Assert.NotNull(_document.Read($"{{\"Kestrel\":{{\"Endpoints\":{{\"h\":{{\"Url\":\"{address}\"}}}}}}}}").Revision);

    [Theory]
    [InlineData("tcp://h:0")]
    [InlineData("tcp://h:65536")]
    [InlineData("tcp://h:-1")]
    [InlineData("tcp://h:")]
    [InlineData("tcp://h")]
    [InlineData("tcp://")]
    [InlineData("tcp://:1")]
    [InlineData("tcp://*:1")]
    [InlineData("tcp://h:99999999999999999999")]
    [InlineData("tcp://::1:80")]
    [InlineData("tcp://[::1]")]
    [InlineData("tcp://10.1:80")]
    [InlineData("tcp://u@h:80")]
    [InlineData("tcp://h:80/path")]
    public void Read_WrongDestination_IsTheOnlyError(string address) =>
        // Who is named before the host may be named with a password.
        ExpectDestination(
            address,
            $"'{address.Replace("u@", "***@", StringComparison.Ordinal)}' is no TCP address; write tcp://host:port, with a port of 1 to 65535."
        );

    [Theory]
    [InlineData("h:80", "'h:80' has no scheme; write 'tcp://h:80'.")]
    [InlineData("", "is empty; write tcp://host:port, unix:/path or http://host.")]
    [InlineData("udp://h:80", "'udp://h:80' is no TCP address; write tcp://host:port, unix:/path or srv://name.")]
    [InlineData("http://h:65536", "'http://h:65536' is no URL; write tcp://host:port, unix:/path or http://host.")]
    [InlineData("unix:/run/", "'/run/' is no path of a socket; write one such as /run/name.sock.")]
    public void Read_OtherDestination_SaysWhatWouldBeRight(string address, string message) => ExpectDestination(address, message);

    [Theory]
    [InlineData(
        "'a': { 'Address': ['127.0.0.1:9', '127.0.0.1:9'] }",
        "a:Address:1",
        "127.0.0.1:9 is used twice; TcpEndpoint 'a' has it already, so use another address or port."
    )]
    [InlineData(
        "'a': { 'Address': '127.0.0.1:9' }, 'b': { 'Address': '127.0.0.1:8-9' }",
        "b:Address",
        "127.0.0.1:9 is used twice; TcpEndpoint 'a' has it already, so use another address or port."
    )]
    [InlineData(
        "'a': { 'Address': '[::1]:9' }, 'b': { 'Address': '[0:0::0001]:09' }",
        "b:Address",
        "[::1]:9 is used twice; TcpEndpoint 'a' has it already, so use another address or port."
    )]
    [InlineData(
        "'a': { 'Address': 'unix:/run/a' }, 'b': { 'Address': 'UNIX:/run/a' }",
        "b:Address",
        "unix:/run/a is used twice; TcpEndpoint 'a' has it already, so use another address or port."
    )]
    [InlineData(
        "'a': { 'Address': '*:9' }, 'b': { 'Address': '0.0.0.0:9' }",
        "b:Address",
        "0.0.0.0:9 overlaps *:9 of 'a'; use one address, or another port."
    )]
    public void Read_AddressTwice_IsTheOnlyError(string endpoints, string second, string message) =>
        Expect($"{{ 'ReverseProxy': {{ 'TcpEndpoints': {{ {endpoints} }} }} }}", $"TcpEndpoints:{second}", message);

    [Fact]
    public void Read_ListenOfAnEndpoint_NamesTheEndpoint() =>
        ExpectRoutes(
            "'r': { 'Listen': ' 127.0.0.1:9', 'ClusterId': 'c' } }, 'TcpEndpoints': { 'edge': { 'Address': '127.0.0.1:9' }",
            "r:Listen",
            "127.0.0.1:9 is the address of TcpEndpoint 'edge'; use Match:Endpoints: [\"edge\"] instead."
        );

    [Fact]
    public void Read_ListenOfAnotherRoute_MatchesTheSame() =>
        ExpectRoutes(
            "'q': { 'Listen': '127.0.0.1:9', 'ClusterId': 'c' }, 'r': { 'Listen': '127.0.0.1:9', 'ClusterId': 'c' }",
            "r",
            "matches the same as route 'q' on 127.0.0.1:9; change its Match, or remove one."
        );

    [Fact]
    public void Of_InterfacesWithoutIPv6Loopback_IsIPv4Only()
    {
        Assert.Equal([IPAddress.Loopback], LoopbackAddresses.Of([IPAddress.Loopback, IPAddress.Parse("fe80::1")]));
        Assert.Equal([IPAddress.Loopback, IPAddress.IPv6Loopback], LoopbackAddresses.Of([IPAddress.Loopback, IPAddress.IPv6Loopback]));
    }

    [Fact]
    public void TryParse_Localhost_IsWhatCanBeBound()
    {
        Assert.True(ListenAddress.TryParse("localhost:0", out var addresses, out _));

        Assert.Equal(CanBind(IPAddress.IPv6Loopback), addresses.Any(static address => IPAddress.IPv6Loopback.Equals(address.Address)));
        Assert.Contains(addresses, static address => IPAddress.Loopback.Equals(address.Address));
    }

    [Fact]
    public void Read_PortZeroTwice_IsTwoPorts()
    {
        var revision = _document.Read("""{"ReverseProxy":{"TcpEndpoints":{"a":{"Address":"*:0"},"b":{"Address":"*:0"}}}}""").Revision;

        Assert.Equal(["a", "b"], revision!.Bindings.Select(static binding => binding.EndpointId));
    }

    public void Dispose() => _document.Dispose();

    private static bool CanBind(IPAddress address)
    {
        try
        {
            using var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            socket.Bind(new IPEndPoint(address, 0));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private void ExpectDestination(string address, string message)
    {
        const string Destination = "ReverseProxy:Clusters:c:Destinations:d";
        Expect(ConfigKey.Document($"{Destination}:Address", $"'{address}'"), "Clusters:c:Destinations:d:Address", message);
        Expect(
            ConfigKey.Document(Destination, $"{{ 'Address': 'tcp://h:1', 'Health': '{address}' }}"),
            "Clusters:c:Destinations:d:Health",
            message
        );
    }

    private void ExpectRoutes(string routes, string path, string message)
    {
        const string Clusters = "'Clusters': { 'c': { 'Destinations': { 'd': { 'Address': 'tcp://h:1' } } } }";
        Expect($"{{ 'ReverseProxy': {{ {Clusters}, 'TcpRoutes': {{ {routes} }} }} }}", $"TcpRoutes:{path}", message);
    }

    // Single quotes stand for double ones.
    private void Expect(string json, string path, string message)
    {
        var error = Assert.Single(_document.Read(json.Replace('\'', '"')).Errors);
        Assert.Equal(($"ReverseProxy:{path}", message, 1), (error.Path, error.Message, error.Line));
    }
}
