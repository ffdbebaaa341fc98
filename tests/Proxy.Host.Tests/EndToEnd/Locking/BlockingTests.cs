using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;
using Microsoft.Extensions.DependencyInjection;
using Proxy.Host.Tests.Support;
using Proxy.Locking;

namespace Proxy.Host.Tests.EndToEnd.Locking;

/// <summary>The examples of "Who may block the others" in docs/lock.md, as they stand there: whoever stays loses its permit, and the next is served.</summary>
public sealed partial class BlockingTests
{
    public static TheoryData<string> Transports => ["Sockets", "Auto"];

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Till_KeepsItsConnection_TheNextIsServed(string transport)
    {
        await using var service = new CountingServer();
        await using var host = await TestHost.StartAsync(Configuration("till", service.Port, transport));
        using var first = await TcpClientSocket.ConnectAsync(host.Address);
        Assert.Equal("sale", await first.AskAsync("sale"));

        using var second = await TcpClientSocket.ConnectAsync(host.Address);
        await second.SendAsync("other sale");
        await Eventually.TrueAsync(() => Status(host) is { Holding.Count: 1, Waiting.Count: 1 } || service.All == 2); // its turn may have come

        Assert.Equal("other sale", await second.ReadAsync());
        Assert.Null(await first.ReadAsync());
        Assert.Equal(1, service.Most);
    }

    [Theory]
    [MemberData(nameof(Transports))]
    [SuppressMessage("Reliability", "CA2025", Justification = "The task is awaited before the test ends.")]
    public async Task HttpPool_KeepsItsConnectionAlive_TheNextIsServedAndThePoolConnectsAgain(string transport)
    {
        var service = new TcpListener(IPAddress.Loopback, 0);
        service.Start();
        var serving = AnswerHttpAsync(service);
        await using var host = await TestHost.StartAsync(Configuration("report", ((IPEndPoint)service.LocalEndpoint).Port, transport));
        var url = new Uri($"http://{host.Address}/");
        using var first = new HttpClient { Timeout = Eventually.Limit };
        using var second = new HttpClient { Timeout = Eventually.Limit };

        Assert.Equal("ok", await first.GetStringAsync(url));
        Assert.Equal("ok", await second.GetStringAsync(url));
        Assert.Equal("ok", await first.GetStringAsync(url));

        service.Stop();
        await serving;
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task HungService_ClientHasLeft_TheNextIsServed(string transport)
    {
        using var service = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        service.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        service.Listen();
        await using var host = await TestHost.StartAsync(Configuration("convert", ((IPEndPoint)service.LocalEndPoint!).Port, transport));
        var first = await TcpClientSocket.ConnectAsync(host.Address);
        await first.SendAsync("question");
        using var hung = await AcceptAsync(service);
        Assert.Equal("question", await ReadAsync(hung));

        first.Dispose();
        Assert.Equal("", await ReadAsync(hung));
        using var second = await TcpClientSocket.ConnectAsync(host.Address);
        await Eventually.TrueAsync(() =>
            Status(host) is { Holding.Count: 1, Waiting.Count: 1 } || service.Poll(0, SelectMode.SelectRead) // its turn may have come
        );

        using var next = await AcceptAsync(service);
        await next.SendAsync("served"u8.ToArray());
        Assert.Equal("served", await second.ReadAsync());
        await Assert.ThrowsAsync<SocketException>(() => SendUntilResetAsync(hung));
    }

    private static LockStatus Status(TestHost host) => Assert.Single(host.Services.GetRequiredService<LockRegistry>().List());

    /// <summary>The route of the page, on a port that the kernel chooses.</summary>
    private static string Configuration(string route, int port, string transport)
    {
        var page = File.ReadAllText(Repository.Path("docs", "lock.md"));
        var example = Example()
            .Matches(page)
            .Select(static match => match.Groups[1].Value)
            .Single(text => text.StartsWith($"\"{route}\"", StringComparison.Ordinal));
        return $$"""
            { "Transport": { "Kind": "{{transport}}" },
              "ReverseProxy": {
                "TcpRoutes": { {{example.Replace("127.0.0.1:9000", "127.0.0.1:0", StringComparison.Ordinal)}} },
                "Clusters": { "office": { "Destinations": { "a": { "Address": "tcp://127.0.0.1:{{port}}" } } } } } }
            """;
    }

    private static async Task AnswerHttpAsync(TcpListener service)
    {
        try
        {
            while (true)
            {
                _ = AnswerHttpAsync(await service.AcceptSocketAsync());
            }
        }
        catch (Exception exception) when (exception is SocketException or InvalidOperationException) { }
    }

    // Keeps the connection until the client ends it, as servers do.
    private static async Task AnswerHttpAsync(Socket client)
    {
        using var owned = client;
        try
        {
            while (await ReadAsync(client) is { Length: > 0 })
            {
                await client.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"u8.ToArray());
            }
        }
        catch (SocketException) { }
    }

    private static async Task<Socket> AcceptAsync(Socket listener)
    {
        using var limit = new CancellationTokenSource(Eventually.Limit);
        return await listener.AcceptAsync(limit.Token);
    }

    private static async Task<string> ReadAsync(Socket socket)
    {
        using var limit = new CancellationTokenSource(Eventually.Limit);
        var buffer = new byte[4096];
        return Encoding.ASCII.GetString(buffer, 0, await socket.ReceiveAsync(buffer, limit.Token));
    }

    private static async Task SendUntilResetAsync(Socket socket)
    {
        while (true)
        {
            await socket.SendAsync("late"u8.ToArray());
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System);
        }
    }

    [GeneratedRegex("```json\n(\"\\w+\": \\{.*\\})\n```")]
    private static partial Regex Example();
}
