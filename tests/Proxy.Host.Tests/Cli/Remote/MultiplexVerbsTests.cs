using Proxy.Host.Tests.Support;

namespace Proxy.Host.Tests.Cli.Remote;

/// <summary>The commands for multiplexed destinations, against a running host.</summary>
public sealed class MultiplexVerbsTests : IAsyncLifetime
{
    private readonly TcpServer _server = new(""); // answers each line with itself
    private TestHost _host = null!;

    public async Task InitializeAsync() =>
        _host = await TestHost.StartAsync(
            $$"""
            { "Admin": { "Url": "http://127.0.0.1:0", "AllowChanges": true }, "ReverseProxy": {
                "TcpRoutes": { "r": { "Listen": "127.0.0.1:0", "ClusterId": "c", "Mode": "Multiplex" } },
                "Clusters": { "c": {
                  "Multiplex": { "Protocol": "line", "KeepUnused": "None" },
                  "Destinations": { "d0": { "Address": "tcp://127.0.0.1:{{_server.Port}}" } } } } } }
            """
        );

    public async Task DisposeAsync()
    {
        _server.Dispose();
        await _host.DisposeAsync();
    }

    [Fact]
    public async Task ListAndRenew_ConnectedDestination_ShowsAndReplacesItsConnection()
    {
        using var client = await TcpClientSocket.ConnectAsync(_host.Address);
        Assert.Equal("x\n", await client.AskAsync("x\n"));

        var (_, before, _) = await RunAsync("list");
        var (exit, _, _) = await RunAsync("renew", "c/d0");

        Assert.Matches(@"(?m)^c/d0 +line +\S+ 1 +1 +0 +0 +1\b", before);
        Assert.Equal(0, exit);
        Assert.Equal("y\n", await client.AskAsync("y\n"));
        Assert.Contains("\"requests\"", (await RunAsync("list", "-o", "json")).Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1, "There is no multiplexed destination 'x' in a cluster 'c'.", "renew", "c/x")]
    [InlineData(2, "write CLUSTER/DESTINATION", "renew", "c")]
    public async Task Renew_Wrong_SaysWhy(int expected, string reason, params string[] arguments)
    {
        var (exit, _, errors) = await RunAsync(arguments);

        Assert.Equal(expected, exit);
        Assert.Contains(reason, errors, StringComparison.Ordinal);
    }

    private Task<(int ExitCode, string Output, string Errors)> RunAsync(params string[] arguments) =>
        ProxyProcess.RunAsync(["multiplex", .. arguments, "--admin", _host.Urls.Single().GetLeftPart(UriPartial.Authority)]);
}
