using System.Net;
using Proxy.Configuration.Networks;

namespace Proxy.Core.Tests.Configuration.Networks;

public sealed class NetworkRulesTests : IDisposable
{
    private readonly ConfigDocument _document = new();

    [Theory]
    [InlineData("10.0.0.1", null)]
    [InlineData("10.6.6.6", "DenyNetworks")]
    [InlineData("fd00::1", null)]
    [InlineData("fd00:bad::1", "DenyNetworks")]
    [InlineData("192.0.2.1", "AllowNetworks")]
    [InlineData(null, "AllowNetworks")]
    public void Refuses_BothLists_DenyWins(string? client, string? refused)
    {
        var rules = new NetworkRules(Networks("10.0.0.0/8", "fd00::/8"), Networks("10.6.6.0/24", "fd00:bad::/32", "203.0.113.0/24"));

        Assert.Equal(refused, rules.Refuses(client is null ? null : IPAddress.Parse(client)));
    }

    [Fact]
    public void Refuses_NoAllowList_OnlyWhatIsDenied()
    {
        var rules = new NetworkRules(null, Networks("10.0.0.0/8"));

        Assert.Equal(
            ("DenyNetworks", null, null),
            (rules.Refuses(IPAddress.Parse("10.0.0.1")), rules.Refuses(IPAddress.Parse("192.0.2.1")), rules.Refuses(null))
        );
        Assert.False(rules.AreEmpty);
        Assert.True(NetworkRules.None.AreEmpty);
    }

    [Theory]
    [InlineData("\"AllowNetworks\": []", "AllowNetworks", "is empty, which would refuse every client")]
    [InlineData("\"AllowNetworks\": [\"10.0.0.1/8\"]", "AllowNetworks:0", "has bits set beyond its prefix")]
    [InlineData("\"DenyNetworks\": [\"::1\", \"a host\"]", "DenyNetworks:1", "is no network")]
    [InlineData(
        "\"AllowNetworks\": [\"10.1.0.0/16\", \"10.2.0.0/16\"], \"DenyNetworks\": [\"10.0.0.0/8\"]",
        "DenyNetworks",
        "contains all of AllowNetworks"
    )]
    public void Read_WrongLists_ErrorOfEndpointAndRouteAlike(string lists, string key, string error)
    {
        var problems = _document.Read(Json(lists, $"\"Limits\": {{ {lists} }}")).Errors;

        Assert.Equal(
            [$"ReverseProxy:TcpEndpoints:e:{key}", $"ReverseProxy:TcpRoutes:r:Limits:{key}"],
            problems.Select(static problem => problem.Path).Order()
        );
        Assert.All(problems, problem => Assert.Contains(error, problem.Message, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("")]
    [InlineData("\"DenyNetworks\": []")]
    [InlineData("\"AllowNetworks\": null")]
    [InlineData("\"AllowNetworks\": [\"10.0.0.0/8\"], \"DenyNetworks\": [\"10.6.6.0/24\", \"192.0.2.1\"]")]
    public void Read_RightLists_NoError(string lists)
    {
        Assert.Empty(_document.Read(Json(lists, $"\"Limits\": {{ {lists} }}")).Errors);
    }

    public void Dispose() => _document.Dispose();

    private static List<IPNetwork> Networks(params string[] texts) => [.. texts.Select(static text => IPNetwork.Parse(text))];

    private static string Json(string endpoint, string route) =>
        $$"""
            { "ReverseProxy": {
                "TcpEndpoints": { "e": { "Address": "127.0.0.1:9000" {{(endpoint.Length == 0 ? "" : ", " + endpoint)}} } },
                "TcpRoutes": { "r": { "Match": { "Endpoints": ["e"] }, "ClusterId": "c", {{route}} } },
                "Clusters": { "c": { "Destinations": { "d": { "Address": "tcp://127.0.0.1:1" } } } } } }
            """;
}
