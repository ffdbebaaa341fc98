using Proxy.Host.Tests.Support;

namespace Proxy.Host.Tests.Cli.Remote;

/// <summary>The commands for locks, against a running host.</summary>
public sealed class LockVerbsTests : IAsyncLifetime
{
    private readonly TcpServer _server = new("hello");
    private TestHost _host = null!;

    public async Task InitializeAsync() =>
        _host = await TestHost.StartAsync(
            $$"""
            { "Admin": { "Url": "http://127.0.0.1:0", "AllowChanges": true }, "ReverseProxy": {
                "TcpRoutes": { "office": { "Listen": "127.0.0.1:0", "ClusterId": "c", "Mode": "Lock", "Lock": { "MaxHold": "00:05:00" } } },
                "Clusters": { "c": {{Json.Cluster(_server.Port)}} } } }
            """
        );

    public async Task DisposeAsync()
    {
        _server.Dispose();
        await _host.DisposeAsync();
    }

    [Fact]
    public async Task PauseAndResume_Lock_KeepsClientsWaitingMeanwhile()
    {
        var (paused, state, _) = await RunAsync("pause", "office");
        Assert.Equal(0, paused);
        Assert.Matches("(?m)^office +1 +0 +0 +paused$", state);
        using var client = await TcpClientSocket.ConnectAsync(_host.Address);
        await Eventually.TrueAsync(async () => (await RunAsync("list", "office")).Output.Contains("\n1 ", StringComparison.Ordinal));

        var (resumed, _, _) = await RunAsync("resume", "OFFICE");

        Assert.Equal(0, resumed);
        Assert.Equal("hello", await client.ReadAsync());
        var (_, clients, _) = await RunAsync("list", "office", "-o", "wide");
        Assert.Matches(@"(?m)^served +\S+ +127\.0\.0\.1:[0-9]+ .* d0 +Serving$", clients);
    }

    [Fact]
    public async Task Permits_Two_AreShown()
    {
        var (exit, output, _) = await RunAsync("permits", "office", "2");

        Assert.Equal(0, exit);
        Assert.Matches("(?m)^office +2 +0 +0 +admits$", output);
    }

    [Theory]
    [InlineData(1, "There is no route 'nope' with a lock.", "pause", "nope")]
    [InlineData(1, "There is no route 'nope' with a lock.", "list", "nope")]
    [InlineData(1, "permits must be a number from 1 to 1000000.", "permits", "office", "0")]
    [InlineData(2, "Cannot parse argument 'many'", "permits", "office", "many")]
    public async Task Verb_Wrong_SaysWhy(int expected, string reason, params string[] arguments)
    {
        var (exit, _, errors) = await RunAsync(arguments);

        Assert.Equal(expected, exit);
        Assert.Contains(reason, errors, StringComparison.Ordinal);
    }

    private Task<(int ExitCode, string Output, string Errors)> RunAsync(params string[] arguments) =>
        ProxyProcess.RunAsync(["lock", .. arguments, "--admin", _host.Urls.Single().GetLeftPart(UriPartial.Authority)]);
}
