namespace Proxy.Core.Tests.Configuration.Clusters;

public sealed class TlsNameValidatorTests : IDisposable
{
    private readonly ConfigDocument _document = new();

    [Fact]
    public void Check_UnixSocketWithoutAName_Error()
    {
        var problem = Assert.Single(_document.Read(Json("", "unix:/run/db.sock")).Errors);

        Assert.Equal("ReverseProxy:Clusters:c:Tcp:Tls:ServerName", problem.Path);
        Assert.Contains("destination 'd' is a unix socket, which has no name", problem.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\"ServerName\": \"db.example.com\"", "unix:/run/db.sock")]
    [InlineData("\"AllowInvalid\": true", "unix:/run/db.sock")]
    [InlineData("", "tcp://db.example.com:5432")]
    [InlineData("", "tcp://10.0.0.1:5432")]
    public void Check_Name_NoError(string tls, string address) => Assert.Empty(_document.Read(Json(tls, address)).Errors);

    [Fact]
    public void Check_AllowInvalid_OneWarningThatSaysWhatItMeans()
    {
        var problem = Assert.Single(_document.Read(Json("\"AllowInvalid\": true", "tcp://10.0.0.1:5432")).Warnings);

        Assert.Equal("ReverseProxy:Clusters:c:Tcp:Tls:AllowInvalid", problem.Path);
        Assert.Contains("certificates are not verified", problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Check_HttpDestinations_ErrorThatNamesHttpClient()
    {
        const string Json = """
            { "ReverseProxy": {
                "Routes": { "r": { "Match": { "Path": "/" }, "ClusterId": "c" } },
                "Clusters": { "c": { "Destinations": { "d": { "Address": "https://127.0.0.1:1" } }, "Tcp": { "Tls": { "ServerName": "a.test" } } } } } }
            """;

        var problem = Assert.Single(_document.Read(Json).Errors);

        Assert.Equal("ReverseProxy:Clusters:c:Tcp:Tls", problem.Path);
        Assert.Contains("HttpClient", problem.Message, StringComparison.Ordinal);
    }

    public void Dispose() => _document.Dispose();

    private static string Json(string tls, string address) =>
        $$"""
            { "ReverseProxy": {
                "TcpRoutes": { "r": { "Listen": "127.0.0.1:9", "ClusterId": "c" } },
                "Clusters": { "c": { "Destinations": { "d": { "Address": "{{address}}" } }, "Tcp": { "Tls": { {{tls}} } } } } } }
            """;
}
