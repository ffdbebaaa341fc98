using Proxy.Core.Tests.Configuration;

namespace Proxy.Core.Tests.EndToEnd.Configuration;

/// <summary>No error hides another, and none is told twice.</summary>
public sealed class EveryErrorTests : IDisposable
{
    private const string Cluster = "'c': { 'Destinations': { 'd': { 'Address': 'tcp://h:1' } } }";

    private readonly ConfigDocument _document = new();

    [Fact]
    public void Read_TcpHttpAndYarpMistakes_AllAtOnce() =>
        Expect(
            $$"""
            { 'ReverseProxy': {
              'TcpRoutes': { 't': { 'Listen': 'nowhere', 'ClusterId': 'c' } },
              'Routes': {
                'a': { 'ClusterId': 'web', 'Match': { 'Path': '/{broken' } },
                'b': { 'ClusterId': 'gone', 'Order': 'x', 'Match': { 'Path': '/{**x', 'Hosts': ['h'] } }
              },
              'Clusters': { {{Cluster}}, 'web': {
                'HttpRequest': { 'Version': '5.0' }, 'LoadBalancingPolicy': 'none', 'Destinations': { 'd': { 'Address': 'http://h' } } } }
            } }
            """,
            "TcpRoutes:t:Listen",
            "Routes:a",
            "Routes:b:Order",
            "Routes:b:ClusterId",
            "Routes:b",
            "Clusters:web:LoadBalancingPolicy",
            "Clusters:web"
        );

    [Fact]
    public void Read_CategoryThatDotNetRefuses_IsAnError() =>
        Assert.Equal(
            "Logging:LogLevel:a*b*c",
            Assert.Single(_document.Read("""{ "Logging": { "LogLevel": { "a*b*c": "Trace", "a*c": "Trace" } } }""").Errors).Path
        );

    [Theory]
    [InlineData("'Match': { 'Pathh': '/' }", "Routes:a:Match:Pathh")]
    [InlineData("'Mach': { 'Path': '/' }", "Routes:a:Mach")]
    [InlineData("'Match': 5", "Routes:a:Match")]
    public void Read_YarpMissesWhatIsRefused_IsToldOnce(string route, string error) =>
        Expect($"{{ 'ReverseProxy': {{ 'Routes': {{ 'a': {{ {route} }} }} }} }}", error);

    [Fact]
    public void Read_DestinationWithoutAddress_IsToldOnce() =>
        Expect(
            "{ 'ReverseProxy': { 'Clusters': { 'c': { 'Destinations': { 'd': { 'Weight': 2 } } } } } }",
            "Clusters:c:Destinations:d:Address"
        );

    [Theory]
    [InlineData("'ClusterId': 'gone'", "TcpRoutes:r:ClusterId", "TcpRoutes:r")]
    [InlineData("'IdleTimeout': 5", "TcpRoutes:r:IdleTimeout", "TcpRoutes:r", "TcpRoutes:r:ClusterId")]
    [InlineData("'Lissen': '*:1'", "TcpRoutes:r:Lissen", "TcpRoutes:r:ClusterId")]
    [InlineData("'Match': { 'Endpoints': ['gone'] }, 'ClustrId': 'c'", "TcpRoutes:r:ClustrId", "TcpRoutes:r:Match:Endpoints:0")]
    public void Read_PlaceMissingBesideOtherMistake_Both(string route, params string[] errors) =>
        Expect($"{{ 'ReverseProxy': {{ 'TcpRoutes': {{ 'r': {{ {route} }} }}, 'Clusters': {{ {Cluster} }} }} }}", errors);

    [Theory]
    [InlineData("'IdleTimeout': 5", "TcpRoutes:r:IdleTimeout", "TcpRoutes:r")]
    [InlineData("'Match': { 'SourceNetworks': ['x'] }", "TcpRoutes:r:Match:SourceNetworks:0")]
    public void Read_RouteMatchesTheSame_UnlessThatMayBeTheMistake(string route, params string[] errors) =>
        Expect(
            $$"""
            { 'ReverseProxy': { 'TcpRoutes': {
              'q': { 'Listen': '127.0.0.1:1', 'ClusterId': 'c' },
              'r': { 'Listen': '127.0.0.1:1', 'ClusterId': 'c', {{route}} }
            }, 'Clusters': { {{Cluster}} } } }
            """,
            errors
        );

    public void Dispose() => _document.Dispose();

    // Single quotes stand for double ones.
    private void Expect(string json, params string[] paths)
    {
        var errors = _document.Read(json.Replace('\'', '"')).Errors;
        Assert.Equal(
            paths.Select(static path => $"ReverseProxy:{path}").Order(StringComparer.Ordinal),
            errors.Select(static error => error.Path).Order(StringComparer.Ordinal)
        );
    }
}
