namespace Proxy.Core.Tests.Configuration;

public sealed class PortRangeValidatorTests : IDisposable
{
    private readonly ConfigDocument _document = new();

    [Theory]
    [InlineData("127.0.0.1:2000-2009", "tcp://ftp.test:3000-3009")]
    [InlineData("*:2000-2009", "tcp://[fd00::1]:2000-2009")]
    [InlineData("127.0.0.1:2000-2009", "tcp://ftp.test:3000")] // all to one port, as before
    [InlineData("127.0.0.1:2000", "tcp://ftp.test:3000-3000")]
    public void Read_EquallyManyPorts_Fine(string listen, string address) => Assert.Empty(Read(listen, address).Errors);

    [Theory]
    [InlineData(
        "127.0.0.1:2000-2009",
        "tcp://h:3000-3010",
        "TcpRoutes:r: listens at 10 ports, and destination 'd' of cluster 'c' has 11 ports; they map one to one, so make both ranges equally long."
    )]
    [InlineData("127.0.0.1:2000", "tcp://h:3000-3010", "TcpRoutes:r: listens at 1 port, and destination 'd' of cluster 'c' has 11 ports")]
    [InlineData("unix:/tmp/s", "tcp://h:3000-3010", "TcpRoutes:r: listens at 1 port,")]
    [InlineData(
        "127.0.0.1:2000-2009",
        "tcp://h:3009-3000",
        "Destinations:d:Address: 'tcp://h:3009-3000' is no TCP address: '3009-3000' is no range of ports; the first is at least 1 and not above the last."
    )]
    [InlineData(
        "127.0.0.1:2000-2009",
        "tcp://h:0-9",
        "Destinations:d:Address: 'tcp://h:0-9' is no TCP address: '0-9' is no range of ports"
    )]
    [InlineData(
        "127.0.0.1:2000-2009",
        "tcp://h:1-2000",
        "Destinations:d:Address: 'tcp://h:1-2000' is no TCP address: '1-2000' is more than 1024 ports"
    )]
    [InlineData(
        "127.0.0.1:2000-2009",
        "tcp://h:1-x",
        "Destinations:d:Address: 'tcp://h:1-x' is no TCP address: '1-x' is no port; ports are 0 to 65535, a range is first-last."
    )]
    public void Read_OtherSizes_SaysWhatBothHave(string listen, string address, string error) =>
        Assert.Contains(error, Assert.Single(Read(listen, address).Errors).ToString(), StringComparison.Ordinal);

    [Fact]
    public void Read_SeveralMistakes_EachIsTold()
    {
        var result = _document.Read(
            """
            { "ReverseProxy": {
              "TcpEndpoints": { "e": { "Address": ["127.0.0.1:2000-2009", "127.0.0.1:4000"] } },
              "TcpRoutes": {
                "some": { "Match": { "Endpoints": ["e"] }, "ClusterId": "c" },
                "mux": { "Listen": "127.0.0.1:5000-5009", "ClusterId": "m", "Mode": "Multiplex" } },
              "Clusters": {
                "c": { "HealthCheck": { "Active": { "Enabled": true } },
                       "Destinations": { "a": { "Address": "tcp://h:2000-2009" }, "b": { "Address": "tcp://h:1-9", "Health": "tcp://h:1-9" }, "c": { "Address": "tcp://h:2000" } } },
                "m": { "Destinations": { "a": { "Address": "tcp://h:2000-2009" } }, "Multiplex": { "Protocol": "line" } } } } }
            """
        );

        var errors = string.Join('\n', result.Errors);
        Assert.Equal(6, result.Errors.Count);
        Assert.Contains("TcpRoutes:some: listens at 1 port, and destination 'a'", errors, StringComparison.Ordinal);
        Assert.Contains("Destinations:b:Address: has 9 ports, and destination 'a' has 10", errors, StringComparison.Ordinal);
        Assert.Contains("Destinations:c:Address: has 1 port, and destination 'a' has 10", errors, StringComparison.Ordinal);
        Assert.Contains("Destinations:b:Health: 'tcp://h:1-9' is a range of ports; write one port here.", errors, StringComparison.Ordinal);
        Assert.Contains("Destinations:a:Health: is missing: an active health check needs one port", errors, StringComparison.Ordinal);
        Assert.Contains(
            "TcpRoutes:mux:ClusterId: cluster 'm' has a range of ports, which Multiplex cannot use",
            errors,
            StringComparison.Ordinal
        );
    }

    public void Dispose() => _document.Dispose();

    private Proxy.Configuration.ReadResult Read(string listen, string address) =>
        _document.Read(
            $$"""
            { "ReverseProxy": {
              "TcpRoutes": { "r": { "Listen": "{{listen}}", "ClusterId": "c" } },
              "Clusters": { "c": { "Destinations": { "d": { "Address": "{{address}}" } } } } } }
            """
        );
}
