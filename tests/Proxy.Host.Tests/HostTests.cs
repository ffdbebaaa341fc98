using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Proxy.Configuration;

namespace Proxy.Host.Tests;

/// <summary>The host on a real file, real sockets and edits of the file.</summary>
public sealed class HostTests : IAsyncDisposable
{
    private static readonly TimeSpan _limit = TimeSpan.FromSeconds(30);
    private readonly string _file = Path.GetTempFileName();
    private readonly List<Socket> _servers = [];
    private WebApplication? _app;

    [Fact]
    public async Task Edit_DestinationAndBadFiles_TrafficFollowsAndOpenConnectionsStay()
    {
        var status = await StartAsync(Serve("one"));
        var address = status.Bound.Values.Single();
        using var longLived = await ConnectAsync(address);
        Assert.Equal("one", await ReadAsync(longLived));

        await File.WriteAllTextAsync(_file, "{ half");
        await UntilAsync(() => status.Rejected.Count > 0);
        using (var during = await ConnectAsync(address))
        {
            Assert.Equal("one", await ReadAsync(during));
        }

        var before = status.Running!.Id;
        await File.WriteAllTextAsync(_file, Json(Serve("two")));
        await UntilAsync(() => status.Running!.Id != before);
        using var after = await ConnectAsync(address);

        Assert.Equal("two", await ReadAsync(after));
        await longLived.SendAsync("x"u8.ToArray());
        Assert.Equal("x", await ReadAsync(longLived));
    }

    [Fact]
    public async Task Dial_FirstDestinationRefuses_AnotherServes()
    {
        var good = Serve("good");
        using var refusing = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        refusing.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        var status = await StartAsync(((IPEndPoint)refusing.LocalEndPoint!).Port, good);

        using var client = await ConnectAsync(status.Bound.Values.Single());

        Assert.Equal("good", await ReadAsync(client));
    }

    [Fact]
    public void Build_InvalidFile_TellsEverything()
    {
        File.WriteAllText(_file, """{"ReverseProxy":{"TcpRoutes":{"a":{"Listen":"x","ClusterId":"y"}}}}""");
        using var configuration = (ConfigurationRoot)new ConfigurationBuilder().Add(new JsonFileSource(_file)).Build();

        var exception = Assert.Throws<InvalidConfigurationException>(() => ProxyApplication.Build(configuration));

        Assert.Equal(2, exception.Problems.Count);
    }

    public async ValueTask DisposeAsync()
    {
        _servers.ForEach(static server => server.Dispose());
        if (_app is not null)
        {
            await _app.StopAsync();
            await _app.DisposeAsync();
        }

        File.Delete(_file);
    }

    private async Task<ProxyStatus> StartAsync(params int[] destinations)
    {
        await File.WriteAllTextAsync(_file, Json(destinations));
        _app = ProxyApplication.Build(new ConfigurationBuilder().Add(new JsonFileSource(_file)).Build());
        await _app.StartAsync();
        return _app.Services.GetRequiredService<ProxyStatus>();
    }

    private static string Json(params int[] ports) =>
        $$"""
            { "ReverseProxy": {
                "TcpRoutes": { "r": { "Listen": "127.0.0.1:0", "ClusterId": "c", "DrainTimeout": "00:00:00" } },
                "Clusters": { "c": { "LoadBalancingPolicy": "FirstAlphabetical", "Destinations": {
                  {{string.Join(',', ports.Select((port, i) => $"\"d{i}\": {{ \"Address\": \"tcp://127.0.0.1:{port}\" }}"))}} } } } } }
            """;

    /// <summary>A server that speaks first and echoes then.</summary>
    private int Serve(string greeting)
    {
        var server = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        server.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        server.Listen();
        _servers.Add(server);
        _ = AcceptAsync(server, greeting);
        return ((IPEndPoint)server.LocalEndPoint!).Port;
    }

    private static async Task AcceptAsync(Socket server, string greeting)
    {
        try
        {
            while (true)
            {
                _ = EchoAsync(await server.AcceptAsync(), greeting);
            }
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException) { }
    }

    private static async Task EchoAsync(Socket socket, string greeting)
    {
        using var owned = socket;
        try
        {
            await socket.SendAsync(System.Text.Encoding.ASCII.GetBytes(greeting));
            var buffer = new byte[100];
            while (await socket.ReceiveAsync(buffer) is var count and > 0)
            {
                await socket.SendAsync(buffer.AsMemory(0, count));
            }
        }
        catch (SocketException) { }
    }

    private static async Task<Socket> ConnectAsync(EndPoint address)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(address);
        return socket;
    }

    private static async Task<string> ReadAsync(Socket socket)
    {
        using var limit = new CancellationTokenSource(_limit);
        var buffer = new byte[100];
        return System.Text.Encoding.ASCII.GetString(buffer, 0, await socket.ReceiveAsync(buffer, limit.Token));
    }

    private static async Task UntilAsync(Func<bool> fact)
    {
        using var limit = new CancellationTokenSource(_limit);
        while (!fact())
        {
            limit.Token.ThrowIfCancellationRequested();
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, limit.Token);
        }
    }
}
