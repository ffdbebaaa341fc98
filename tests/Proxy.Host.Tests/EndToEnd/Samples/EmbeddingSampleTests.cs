extern alias Embedding;
using Proxy.Host.Tests.Support;

namespace Proxy.Host.Tests.EndToEnd.Samples;

public sealed class EmbeddingSampleTests
{
    [Fact]
    public async Task Embedding_ClientOfTheRouteAndOfTheWeb_BothAreServed()
    {
        using var redis = new TcpServer("redis");
        await using var sample = new ProgramFactory<Embedding::Program>(
            ("Redis", "127.0.0.1:0"),
            ("Web", "127.0.0.1:0"),
            ("ReverseProxy:Clusters:redis:Destinations:a:Address", $"tcp://127.0.0.1:{redis.Port}"),
            ("hostBuilder:reloadConfigOnChange", "false") // Linux allows a user 128 watches of files, and no test edits an appsettings.json
        );
        await sample.StartAsync();

        using var client = await TcpClientSocket.ConnectAsync(sample.Urls[0].Port);
        using var http = new HttpClient();

        Assert.Equal("redis", await client.ReadAsync());
        Assert.Equal("PING", await client.AskAsync("PING"));
        Assert.Equal("web", await http.GetStringAsync(sample.Urls[1]));
    }
}
