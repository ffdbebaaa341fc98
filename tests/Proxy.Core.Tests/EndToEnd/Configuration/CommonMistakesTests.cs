using Proxy.Core.Tests.Configuration;

namespace Proxy.Core.Tests.EndToEnd.Configuration;

/// <summary>What people write who have not read the manual: each mistake is told once, at its place, with what would be right.</summary>
public sealed class CommonMistakesTests : IDisposable
{
    private const string Tcp = "ReverseProxy:TcpRoutes:r";
    private const string Cluster = "ReverseProxy:Clusters:c";
    private const string Destination = $"{Cluster}:Destinations:d";

    private readonly ConfigDocument _document = new();

    [Theory]
    // Where to listen.
    [InlineData(
        ":5432",
        "':5432' has no address before the port; write '*:5432' for all addresses, or '127.0.0.1:5432' for this host alone."
    )]
    [InlineData(
        "5433",
        "'5433' has no address before the port; write '*:5433' for all addresses, or '127.0.0.1:5433' for this host alone."
    )]
    [InlineData("2000-2009", "'2000-2009' has no address before the port; write '*:2000-2009' for all addresses")]
    [InlineData("tcp://0.0.0.0:5432", "'tcp://0.0.0.0:5432' has a scheme, which addresses to listen at have not; write '0.0.0.0:5432'.")]
    [InlineData("udp://0.0.0.0:53", "has a scheme, which addresses to listen at have not; write '0.0.0.0:53'.")]
    [InlineData("http://*:8080", "is a URL; HTTP is accepted at the endpoints of Kestrel:Endpoints, and TCP at ip:port or *:port.")]
    [InlineData("localhost", "'localhost' has no port; write ip:port")]
    [InlineData("0.0.0.0", "'0.0.0.0' has no port; write ip:port")]
    [InlineData("*", "'*' has no port; write ip:port")]
    [InlineData("[::]", "'[::]' has no port; write ip:port, [v6]:port")]
    [InlineData("::1:80", "write IPv6 addresses in brackets: [::1]:port.")]
    [InlineData("db.example.com:5432", "'db.example.com' is a host name; listen on an ip address, *, or localhost.")]
    [InlineData("10.0.0:5432", "'10.0.0' is no IPv4 address; it needs four decimal parts.")]
    [InlineData("127.0.0.1:postgres", "'postgres' is no port; ports are 0 to 65535")]
    [InlineData("127.0.0.1:70000", "'70000' is no port; ports are 0 to 65535")]
    [InlineData("127.0.0.1:2009-2000", "'2009-2000' is no range of ports; the first is at least 1 and not above the last.")]
    public void Read_Listen_Told(string listen, string message) => Expect($"{Tcp}:Listen", message, Document(listen: listen));

    [Theory]
    // Where to connect.
    [InlineData("10.0.0.5:5432", "'10.0.0.5:5432' has no scheme; write 'tcp://10.0.0.5:5432'.")]
    [InlineData("redis", "'redis' has no scheme; write 'tcp://redis'.")]
    [InlineData("tcp://10.0.0.5", "'tcp://10.0.0.5' is no TCP address; write tcp://host:port, with a port of 1 to 65535.")]
    [InlineData("tcp://10.0.0.5:0", "is no TCP address; write tcp://host:port, with a port of 1 to 65535.")]
    [InlineData("tpc://10.0.0.5:80", "'tpc://10.0.0.5:80' is no TCP address; write tcp://host:port, unix:/path or srv://name.")]
    [InlineData("udp://10.0.0.5:53", "'udp://10.0.0.5:53' is no TCP address; write tcp://host:port, unix:/path or srv://name.")]
    [InlineData("tcp://10.0.0.5:80/path", "is no TCP address; write tcp://host:port")]
    [InlineData("", "is empty; write tcp://host:port, unix:/path or http://host.")]
    public void Read_AddressOfATcpRoute_Told(string address, string message) =>
        Expect($"{Destination}:Address", message, Document(address: address));

    [Theory]
    [InlineData(
        "127.0.0.1:80",
        "'127.0.0.1:80' has no scheme; write 'http://127.0.0.1:80' or 'https://127.0.0.1:80', since an HTTP route uses the cluster."
    )]
    [InlineData("web", "'web' has no scheme; write 'http://web' or 'https://web'")]
    [InlineData("htp://x", "'htp://x' is no http:// or https:// URL, which an HTTP route needs; did you mean 'http://x'?")]
    [InlineData("htps://x", "which an HTTP route needs; did you mean 'https://x'?")]
    [InlineData("ftp://x", "'ftp://x' is no http:// or https:// URL, which an HTTP route needs")]
    public void Read_AddressOfAnHttpRoute_Told(string address, string message) =>
        Expect($"{Destination}:Address", message, Document(http: true, address: address));

    [Theory]
    [InlineData("tcp://10.0.0.5:80", "cluster 'c' has tcp:// destinations; an HTTP route needs http:// or https://")]
    public void Read_TcpAddressOfAnHttpRoute_Told(string address, string message) =>
        Expect("ReverseProxy:Routes:r:ClusterId", message, Document(http: true, address: address));

    [Theory]
    // Keys of a route.
    [InlineData("'Cluster': 'c'", "Cluster", "unknown key; did you mean 'ClusterId'?")]
    [InlineData("'Address': '*:1'", "Address", "unknown key; write where to listen as Listen")]
    [InlineData("'Port': 5432", "Port", "unknown key; the port is part of Listen, such as *:5432.")]
    [InlineData("'Destinations': {}", "Destinations", "unknown key; they belong to a cluster, which the route names by ClusterId.")]
    [InlineData("'Endpoints': ['e']", "Endpoints", "unknown key; it belongs under Match")]
    [InlineData("'Mode': 'Proxy'", "Mode", "'Proxy' is not one of 'Forward', 'Lock', 'Multiplex'")]
    [InlineData("'IdleTimeout': '30s'", "IdleTimeout", "'30s' is not a duration; write hh:mm:ss, such as '00:00:05', or 'None'.")]
    [InlineData("'IdleTimeout': 30", "IdleTimeout", "'30' has no unit; for 30 seconds write '00:00:30', or 'None'.")]
    [InlineData("'IdleTimeout': 0", "IdleTimeout", "'0' has no unit")]
    [InlineData(
        "'KeepAlive': { 'Idle': '00:00:00.5' }",
        "KeepAlive:Idle",
        "'00:00:00.5000000' is not possible: the system counts whole seconds; write '00:00:01' to '09:06:07'."
    )]
    [InlineData("'KeepAlive': { 'Interval': '10:00:00' }", "KeepAlive:Interval", "'10:00:00' is not possible")]
    [InlineData("'KeepAlive': true", "KeepAlive", "'true' is a value; an object with keys is expected here.")]
    [InlineData("'AccessLog': 'no'", "AccessLog", "'no' is neither true nor false; write one of both.")]
    [InlineData("'Lock': { 'Permits': 2 }", "Lock", "is for routes with Mode Lock; this one has Mode Forward.")]
    public void Read_KeyOfARoute_Told(string key, string at, string message) => Expect($"{Tcp}:{at}", message, Document(route: key));

    [Theory]
    // Keys of a cluster.
    [InlineData(
        "'Address': 'tcp://10.0.0.5:80'",
        "Address",
        "unknown key; an address belongs to a destination: \"Destinations\": { \"a\": { \"Address\""
    )]
    [InlineData("'Tls': {}", "Tls", "unknown key; TLS towards destinations belongs under Tcp: \"Tcp\": { \"Tls\": { } }")]
    [InlineData("'Destination': {}", "Destination", "unknown key; the key is Destinations, an object keyed by id")]
    [InlineData("'LoadBalancingPolicy': 'RoundRobbin'", "LoadBalancingPolicy", "no policy 'RoundRobbin'; known policies: ")]
    [InlineData("'Tcp': { 'Connecttimeout': 5 }", "Tcp:Connecttimeout", "'5' has no unit; for 5 seconds write '00:00:05'.")]
    [InlineData(
        "'HealthCheck': { 'Active': { 'Enabled': true, 'Policy': 'Ping' } }",
        "HealthCheck:Active:Policy",
        "no policy 'Ping'; known policies: "
    )]
    [InlineData(
        "'HealthCheck': { 'AvailableDestinationsPolicy': 'All' }",
        "HealthCheck:AvailableDestinationsPolicy",
        "no policy 'All'; known policies: "
    )]
    public void Read_KeyOfACluster_Told(string key, string at, string message) =>
        Expect($"{Cluster}:{at}", message, Document(cluster: key));

    [Theory]
    // Whole documents.
    [InlineData("{ 'TcpRoutes': {} }", "TcpRoutes", "belongs under ReverseProxy; move it there.")]
    [InlineData("{ 'ReversProxy': {} }", "ReversProxy", "is not a section of the proxy; did you mean 'ReverseProxy'?")]
    [InlineData(
        "{ 'Kestrel': { 'Endpoints': { 'Http': { 'Url': '127.0.0.1:8080' } } } }",
        "Kestrel:Endpoints:Http:Url",
        "'127.0.0.1:8080' is no URL to listen at; write http:// or https:// with an address"
    )]
    [InlineData(
        "{ 'Kestrel': { 'Endpoints': { 'Http': 'http://*:8080' } } }",
        "Kestrel:Endpoints:Http",
        "'http://*:8080' is a value; an object with keys is expected here."
    )]
    [InlineData(
        "{ 'ReverseProxy': { 'Clusters': { 'c': { 'Destinations': ['tcp://h:1'] } } } }",
        $"{Cluster}:Destinations:0",
        "'tcp://h:1' is a value; an object with keys is expected here."
    )]
    [InlineData(
        "{ 'ReverseProxy': { 'Clusters': { 'c': { 'Destinations': { 'd': 'tcp://h:1' } } } } }",
        Destination,
        "'tcp://h:1' is a value; an object with keys is expected here."
    )]
    public void Read_WholeDocument_Told(string document, string path, string message) => Expect(path, message, document);

    [Theory]
    [InlineData(
        "{ 'ReverseProxy': { 'TcpRoutes': { 'r': { 'Listen': '*:1', 'ClusterId': 'c' } }, 'Clusters': { 'c': { } } } }",
        $"{Cluster}:Destinations",
        "is empty or missing, so whoever is sent here is refused"
    )]
    [InlineData(
        "{ 'ReverseProxy': { 'Routes': { 'r': { 'ClusterId': 'c', 'Match': { 'Path': '/' } } }, 'Clusters': { 'c': { 'Destinations': { 'd': { 'Address': 'http://h' } } } } } }",
        "ReverseProxy:Routes",
        "there is no HTTP endpoint, so no request can reach these routes"
    )]
    public void Read_UselessButValid_Warned(string document, string path, string message)
    {
        var result = _document.Read(document.Replace('\'', '"'));

        Assert.Empty(result.Errors);
        var warning = Assert.Single(result.Warnings, one => one.Path == path);
        Assert.Contains(message, warning.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_MistakesOfOursAndOfYarp_AllAtOnce()
    {
        var result = _document.Read(
            """
            { 'ReverseProxy': {
                'TcpRoutes': { 't': { 'Listen': ':1', 'ClusterId': 'none' } },
                'Routes': {
                  'a': { 'ClusterId': 'c', 'Match': { 'Pathh': '/' }, 'Transforms': [ { 'Nonsense': 'x' } ] },
                  'b': { 'ClusterId': 'c', 'Match': { 'Path': '/{broken' } } },
                'Clusters': { 'c': {
                  'LoadBalancingPolicy': 'Best',
                  'SessionAffinity': { 'Enabled': true, 'Policy': 'Sticky', 'FailurePolicy': 'Ignore', 'AffinityKeyName': 'k' },
                  'HealthCheck': { 'Active': { 'Enabled': true, 'Interval': '-00:00:01' }, 'Passive': { 'Policy': 'None' } },
                  'HttpClient': { 'MaxConnectionsPerServer': -5 },
                  'Destinations': { 'd': { 'Address': '127.0.0.1:80' } } } } } }
            """.Replace('\'', '"')
        );

        var errors = result.Errors.Select(static error => error.ToString()).ToList();
        Assert.All(
            (string[])
                [
                    ":t:Listen: ':1' has no address",
                    ":t:ClusterId: no cluster 'none'",
                    ":a:Match:Pathh: unknown key; did you mean 'Path'?",
                    "Nonsense",
                    "{broken",
                    ":c:LoadBalancingPolicy: no policy 'Best'",
                    ":c:SessionAffinity:Policy: no policy 'Sticky'",
                    ":c:SessionAffinity:FailurePolicy: no policy 'Ignore'",
                    ":c:HealthCheck:Passive:Policy: no policy 'None'",
                    ":c:HealthCheck:Active:Interval: '-00:00:01'",
                    "Max connections per server",
                    ":d:Address: '127.0.0.1:80' has no scheme",
                ],
            expected => Assert.Single(errors, error => error.Contains(expected, StringComparison.OrdinalIgnoreCase))
        );
        Assert.Equal(12, errors.Count);
    }

    public void Dispose() => _document.Dispose();

    private void Expect(string path, string message, string document)
    {
        var error = Assert.Single(_document.Read(document.Replace('\'', '"')).Errors);

        Assert.Equal(path, error.Path);
        Assert.Contains(message.Replace('\'', '"'), error.Message.Replace('\'', '"'), StringComparison.Ordinal);
    }

    private static string Document(
        string listen = "127.0.0.1:5000",
        string address = "tcp://10.0.0.5:5432",
        bool http = false,
        string? route = null,
        string? cluster = null
    )
    {
        var routes = http
            ? "'Routes': { 'r': { 'ClusterId': 'c', 'Match': { 'Path': '/' } } }"
            : $"'TcpRoutes': {{ 'r': {{ 'Listen': '{listen}', 'ClusterId': 'c'{(route is null ? "" : ", " + route)} }} }}";
        return $$"""
            { 'ReverseProxy': {
                {{routes}},
                'Clusters': { 'c': { {{(
                cluster is null ? "" : cluster + ", "
            )}}'Destinations': { 'd': { 'Address': '{{address}}' } } } } } }
            """;
    }
}
