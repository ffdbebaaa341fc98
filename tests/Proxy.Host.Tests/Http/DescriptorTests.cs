using Proxy.Host.Tests.Servers;
using Proxy.Host.Tests.Support;

namespace Proxy.Host.Tests.Http;

/// <summary>Kestrel's ports leave the last descriptors to the program, which .NET ends when it gets none.</summary>
public sealed class DescriptorTests : IDisposable
{
    // More than there are descriptors, and fewer than the kernel queues.
    private const int Idle = 450;
    private readonly TcpServer _server = new("hello");
    private readonly string _file = Path.GetTempFileName();

    [Theory]
    [InlineData("""  "Admin": { "Url": "http://127.0.0.1:PORT" },  """)]
    [InlineData("""  "Kestrel": { "Endpoints": { "web": { "Url": "http://127.0.0.1:PORT" } } },  """)]
    public async Task Accept_IdleConnectionsTakeAllDescriptors_PausesAndTcpGoesOn(string section)
    {
        var port = Programs.FreePort();
        var json = Json.Routes(Json.Route("r"), _server.Port).Insert(1, section.Replace("PORT", $"{port}", StringComparison.Ordinal));
        await File.WriteAllTextAsync(_file, json);
        using var process = new ProxyProcess("ulimit -n 300;", "run", "--config", _file);
        var tcp = await process.PortAsync();
        await Programs.ListensAsync(port); // Kestrel comes after the routes
        using var early = await TcpClientSocket.ConnectAsync(tcp);
        Assert.Equal("hello", await early.ReadAsync());
        var idle = new List<TcpClientSocket>();
        for (var i = 0; i < Idle; i++)
        {
            idle.Add(await TcpClientSocket.ConnectAsync(port));
        }

        await Eventually.TrueAsync(() =>
            process.HasExited || process.Errors.Contains($"127.0.0.1:{port}: accepting pauses", StringComparison.Ordinal)
        );
        Assert.False(process.HasExited, process.Errors);
        Assert.Equal("x", await early.AskAsync("x"));
        idle.ForEach(static client => client.Dispose());

        await Eventually.TrueAsync(async () =>
        {
            using var late = await TcpClientSocket.ConnectAsync(tcp);
            return await late.ReadAsync() == "hello";
        });
        Assert.Equal("y", await early.AskAsync("y"));
        using var http = new HttpClient { Timeout = Eventually.Limit };
        using var answer = await http.GetAsync(new Uri($"http://127.0.0.1:{port}/healthz/live"));
        Assert.False(process.HasExited, process.Errors);
    }

    public void Dispose()
    {
        _server.Dispose();
        File.Delete(_file);
    }
}
