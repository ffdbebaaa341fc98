namespace Proxy.Core.Tests.Configuration;

public sealed class BindingValidatorTests : IDisposable
{
    private readonly ConfigDocument _document = new();

    [Theory]
    [InlineData("10.0.0.0/8", "10.1.0.0/16", "a")]
    [InlineData("10.1.0.0/16", "10.0.0.0/8", null)]
    [InlineData("10.0.0.0/8", "10.1.0.0/16 192.0.2.0/24", null)]
    [InlineData("10.0.0.0/8 192.0.2.0/24", "10.1.0.0/16 192.0.2.0/25", "a")]
    [InlineData("10.0.0.0/8 | 192.0.2.0/24", "10.1.0.0/16 192.0.2.0/25", "b")] // both together; the second takes the rest
    [InlineData("192.0.2.0/24 | 10.0.0.0/8 | 10.1.0.0/17", "10.1.0.0/16", "b")]
    [InlineData("0.0.0.0/0", "", null)] // IPv6 clients remain
    [InlineData("0.0.0.0/0", "10.0.0.0/8", "a")]
    public void Read_RoutesBeforeTakeAllClients_SaysWhichTheLastOfThemIs(string before, string wanted, string? last)
    {
        string[] all = [.. before.Split('|'), wanted];
        var routes = all.Select(
            static (networks, index) =>
                $"\"{(char)('a' + index)}\": {{ \"ClusterId\": \"c\", \"Order\": {index}, \"Match\": {{ \"Endpoints\": [\"e\"], \"SourceNetworks\": ["
                + string.Join(", ", networks.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(static network => $"\"{network}\""))
                + "] } }"
        );

        var result = _document.Read(
            $$"""
            { "ReverseProxy": {
              "TcpEndpoints": { "e": { "Address": "127.0.0.1:9" } },
              "TcpRoutes": { {{string.Join(", ", routes)}} },
              "Clusters": { "c": { "Destinations": { "d": { "Address": "tcp://127.0.0.1:7" } } } } } }
            """
        );

        var errors = result.Errors.Where(static error => error.Message.Contains("never match", StringComparison.Ordinal)).ToList();
        if (last is null)
        {
            Assert.Empty(errors);
        }
        else
        {
            var error = Assert.Single(errors, error => error.Path == $"ReverseProxy:TcpRoutes:{(char)('a' + all.Length - 1)}");
            Assert.Contains($"route '{last}' takes its connections first", error.Message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("127.0.0.1:9", "127.0.0.2:9", false)]
    [InlineData("0.0.0.0:9", "*:9", true)]
    [InlineData("*:9", "[::]:9", true)]
    [InlineData("0.0.0.0:9", "[::]:9", false)]
    public void Read_TwoEndpointsOfOnePort_OverlapIsAnError(string one, string other, bool overlaps)
    {
        var result = _document.Read(
            $$"""
            { "ReverseProxy": { "TcpEndpoints": { "a": { "Address": "{{one}}" }, "b": { "Address": "{{other}}" } } } }
            """
        );

        Assert.Equal(overlaps, result.Errors.Any(static error => error.Message.Contains("overlaps", StringComparison.Ordinal)));
    }

    public void Dispose() => _document.Dispose();
}
