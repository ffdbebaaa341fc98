using Proxy.Configuration;
using Proxy.Configuration.Routes;

namespace Proxy.Core.Tests.Configuration.Routes;

public sealed class MatchReaderTests : IDisposable
{
    private readonly ConfigDocument _document = new();

    [Theory]
    [InlineData("ServerNames", "*.*.example.com", "is no wildcard; write '*.' and a name")]
    [InlineData("ServerNames", "mail.*.com", "is no wildcard")]
    [InlineData("ServerNames", "*", "is no wildcard")]
    [InlineData("ServerNames", "*.", "is no wildcard")]
    [InlineData("ServerNames", "192.0.2.1", "is an address")]
    [InlineData("ServerNames", "2001:db8::1", "is an address")]
    [InlineData("ServerNames", "b\u00fccher.example", "is no name of a host")]
    [InlineData("ServerNames", "mail example", "is no name of a host")]
    [InlineData("ServerNames", "", "is no name of a host")]
    [InlineData("AlpnProtocols", "", "is no application protocol")]
    [InlineData("AlpnProtocols", "h2 ", "is no application protocol")]
    [InlineData("Protocols", "Http2", "no protocol 'Http2'; did you mean 'Http'?")]
    [InlineData("Protocols", "", "Known protocols: 'Tls'")]
    public void Read_WrongValue_ErrorAtItsPlace(string key, string value, string error)
    {
        var problem = Assert.Single(_document.Read(Json($"\"{key}\": [\"{value}\"]")).Errors);

        Assert.Equal($"ReverseProxy:TcpRoutes:r:Match:{key}:0", problem.Path);
        Assert.Contains(error, problem.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\"ServerNames\": [\"a.example\", \"A.Example.\"]", "ServerNames:1", "'a.example' is there twice")]
    [InlineData("\"AlpnProtocols\": [\"h2\", \"h2\"]", "AlpnProtocols:1", "is there twice")]
    [InlineData("\"Protocols\": [\"Tls\", \"tls\"]", "Protocols:1", "is there twice")]
    public void Read_Twice_ErrorAtTheSecond(string match, string place, string error)
    {
        var problem = Assert.Single(_document.Read(Json(match)).Errors);

        Assert.Equal($"ReverseProxy:TcpRoutes:r:Match:{place}", problem.Path);
        Assert.Contains(error, problem.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\"ServerNames\": [\"a.example\"], \"Protocols\": [\"Ssh\", \"Http\"]", false)]
    [InlineData("\"AlpnProtocols\": [\"h2\"], \"Protocols\": [\"Mqtt\"]", false)]
    [InlineData("\"ServerNames\": [\"a.example\"], \"Protocols\": [\"Ssh\", \"Tls\"]", true)]
    [InlineData("\"ServerNames\": [\"a.example\"], \"Protocols\": [\"Postgres\"]", true)]
    public void Read_NamesOfAProtocolWithoutThem_CanNeverMatch(string match, bool isValid)
    {
        var errors = _document.Read(Json(match)).Errors;

        Assert.Equal(isValid, errors.Count == 0);
        Assert.All(errors, static error => Assert.Contains("can never match: a client of", error.Message, StringComparison.Ordinal));
    }

    [Fact]
    public void Read_Names_NormalizedAndOfTheirKind()
    {
        var revision = _document
            .Read(Json("\"ServerNames\": [\"Mail.Example.COM.\", \"*.Apps.example.com\"], \"Protocols\": [\"tls\"]"))
            .Revision!;

        var conditions = Assert.Single(revision.Bindings).Entries[0].Conditions;
        Assert.Equal([new NamePattern("mail.example.com", false), new NamePattern("apps.example.com", true)], conditions.ServerNames);
        Assert.Equal(["Tls"], conditions.Protocols);
    }

    public void Dispose() => _document.Dispose();

    private static string Json(string match) =>
        $$"""
            { "ReverseProxy": {
                "TcpRoutes": { "r": { "Listen": "127.0.0.1:9001", "ClusterId": "c", "Match": { {{match}} } } },
                "Clusters": { "c": { "Destinations": { "d": { "Address": "tcp://127.0.0.1:1" } } } } } }
            """;
}
