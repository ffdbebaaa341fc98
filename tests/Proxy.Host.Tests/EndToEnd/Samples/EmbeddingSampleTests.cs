namespace Proxy.Host.Tests.EndToEnd.Samples;

public sealed class EmbeddingSampleTests
{
    [Fact]
    public async Task Embedding_ClientOfTheRouteAndOfTheWeb_BothAreServed()
    {
        using var redis = new TcpServer("redis");
        var (route, web) = (Ports.Free(), Ports.Free());
        using var sample = await SampleProcess.StartAsync(
            "Embedding",
            new Dictionary<string, string>(),
            $"--Redis=127.0.0.1:{route}",
            $"--Web=127.0.0.1:{web}",
            $"--ReverseProxy:Clusters:redis:Destinations:a:Address=tcp://127.0.0.1:{redis.Port}"
        );

        using var client = await TcpClientSocket.ConnectAsync(route);
        using var http = new HttpClient();

        Assert.Equal("redis", await client.ReadAsync());
        Assert.Equal("PING", await client.AskAsync("PING"));
        Assert.Equal("web", await http.GetStringAsync(new Uri($"http://127.0.0.1:{web}")));
    }
}
