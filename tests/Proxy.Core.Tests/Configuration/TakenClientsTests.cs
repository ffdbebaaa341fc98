namespace Proxy.Core.Tests.Configuration;

public sealed class TakenClientsTests : IDisposable
{
    private const string Named = "\"ServerNames\": [\"a.example\"]";
    private readonly ConfigDocument _document = new();

    [Theory]
    [InlineData("", Named)]
    [InlineData("\"Protocols\": [\"Tls\"]", Named)]
    [InlineData("\"Protocols\": [\"Tls\"]", "\"AlpnProtocols\": [\"h2\"]")]
    [InlineData("\"ServerNames\": [\"*.example\"]", Named)]
    [InlineData("\"ServerNames\": [\"*.b.example\"]", "\"ServerNames\": [\"*.x.b.example\"]")]
    [InlineData(
        "\"SourceNetworks\": [\"10.0.0.0/8\"], \"ServerNames\": [\"*.example\"]",
        Named + ", \"SourceNetworks\": [\"10.1.0.0/16\"]"
    )]
    [InlineData(Named, Named + ", \"AlpnProtocols\": [\"h2\"]")]
    [InlineData("\"Protocols\": [\"Ssh\"]", "\"Protocols\": [\"Ssh\"], \"SourceNetworks\": [\"10.0.0.0/8\"]")]
    public void Read_EarlierRouteTakesAllItsClients_Error(string first, string second)
    {
        var problem = Assert.Single(_document.Read(Json(first, second)).Errors);

        Assert.Equal("ReverseProxy:TcpRoutes:second", problem.Path);
        Assert.StartsWith("can never match; route 'first' takes its connections first", problem.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(Named, "\"ServerNames\": [\"*.example\"]")]
    [InlineData("\"ServerNames\": [\"*.a.example\"]", Named)]
    [InlineData("\"Protocols\": [\"Tls\"]", Named + ", \"Protocols\": [\"Postgres\"]")]
    [InlineData("\"Protocols\": [\"Ssh\"]", Named)]
    [InlineData(Named + ", \"AlpnProtocols\": [\"h2\"]", Named)]
    [InlineData(Named + ", \"SourceNetworks\": [\"10.0.0.0/8\"]", Named)]
    [InlineData("\"Protocols\": [\"Tls\"]", "")]
    public void Read_SomeClientsAreLeft_NoError(string first, string second)
    {
        Assert.Empty(_document.Read(Json(first, second)).Errors);
    }

    [Fact]
    public void Read_OneOfSeveralNamesIsTaken_ErrorNamesIt()
    {
        var problem = Assert.Single(
            _document.Read(Json("\"ServerNames\": [\"*.example\"]", "\"ServerNames\": [\"a.example\", \"a.test\"]")).Errors
        );

        Assert.Equal("ReverseProxy:TcpRoutes:second:Match:ServerNames", problem.Path);
        Assert.Contains("'a.example' can never match; route 'first'", problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_SameConditionsInAnotherOrder_MatchTheSame()
    {
        var problem = Assert.Single(
            _document
                .Read(Json("\"ServerNames\": [\"a.example\", \"b.example\"]", "\"ServerNames\": [\"B.example\", \"a.example\"]"))
                .Errors.DistinctBy(static error => error.Path)
        );

        Assert.Contains("matches the same as route 'first'", problem.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(Named, "", true)]
    [InlineData("\"Protocols\": [\"Http\"]", "\"SourceNetworks\": [\"10.0.0.0/8\"]", true)]
    [InlineData("\"SourceNetworks\": [\"10.0.0.0/8\"]", "\"Protocols\": [\"Http\"]", false)]
    [InlineData(Named, "\"Protocols\": [\"Tls\"]", false)]
    public void Read_RouteWithoutBytesBehindOneThatNeedsThem_WarnsOfTheWait(string first, string second, bool warns)
    {
        var warnings = _document.Read(Json(first, second)).Warnings;

        Assert.Equal(
            warns,
            warnings.Any(static warning => warning.Message.Contains("waits for PeekTimeout (00:00:05)", StringComparison.Ordinal))
        );
    }

    [Theory]
    [InlineData("\"ClusterId\": \"c\", \"Tls\": { \"Certificate\": { \"Path\": \"site.pem\" } }")]
    [InlineData("\"Mode\": \"Http\"")]
    public void Read_RouteWhoseClientsSpeakFirst_NoWarningOfAWait(string route)
    {
        var json = Json(Named, "").Replace("\"second\": { \"ClusterId\": \"c\"", $"\"second\": {{ {route}", StringComparison.Ordinal);

        Assert.DoesNotContain(
            _document.Read(json).Warnings,
            static warning => warning.Message.Contains("waits for PeekTimeout", StringComparison.Ordinal)
        );
    }

    public void Dispose() => _document.Dispose();

    // The first route is tried before the second one, whatever they say.
    private static string Json(string first, string second) =>
        $$"""
            { "ReverseProxy": {
                "TcpEndpoints": { "e": { "Address": "127.0.0.1:9001" } },
                "TcpRoutes": {
                  "first": { "Order": -1, "ClusterId": "c", "Match": { "Endpoints": ["e"] {{(first.Length > 0 ? ", " : "")}} {{first}} } },
                  "second": { "ClusterId": "c", "Match": { "Endpoints": ["e"] {{(second.Length > 0 ? ", " : "")}} {{second}} } }
                },
                "Clusters": { "c": { "Destinations": { "d": { "Address": "tcp://127.0.0.1:1" } } } } } }
            """;
}
