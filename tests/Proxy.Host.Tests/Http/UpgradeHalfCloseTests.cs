using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;
using Proxy.Host.Http;
using Proxy.Host.Tests.Support;

namespace Proxy.Host.Tests.Http;

/// <summary>A client that finishes sending after an upgrade, as websocat and shells do at the end of their input.</summary>
public sealed class UpgradeHalfCloseTests : IDisposable
{
    private const string Request = "GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n";
    private const string Switching = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n";
    private readonly TcpListener _site = new(IPAddress.Loopback, 0);

    public UpgradeHalfCloseTests() => _site.Start();

    // Whether the answer was lost depended on what was sent first, the answer or the end; once everything was compiled it was lost three times in four.
    [Fact]
    public async Task Upgraded_ClientsHaveFinishedSending_GetTheirAnswers()
    {
        await using var host = await TestHost.StartAsync(Configuration());
        for (var number = 0; number < 50; number++)
        {
            using var client = await TcpClientSocket.ConnectAsync(host.Urls[0].Port);
            using var site = await UpgradeAsync(client);

            await client.SendAsync("question");
            client.End();
            await ReadUntilAsync(site, "question");
            await site.SendAsync("answer"u8.ToArray());
            site.Shutdown(SocketShutdown.Send);

            Assert.Equal("answer", await client.ReadAsync());
            Assert.Equal("", await client.ReadAsync());
        }
    }

    [Fact]
    public async Task Upgraded_ClientHasFinishedSendingLongAgo_GetsItsAnswer()
    {
        await using var host = await TestHost.StartAsync(Configuration());
        using var client = await TcpClientSocket.ConnectAsync(host.Urls[0].Port);
        using var site = await UpgradeAsync(client);

        await client.SendAsync("question");
        client.End();
        await ReadUntilAsync(site, "question");
        // Long enough for a proxy that ends the request to do so; nothing is told to the site otherwise.
        await Task.WhenAny(ReadAsync(site), Task.Delay(TimeSpan.FromMilliseconds(500), TimeProvider.System));
        await site.SendAsync("answer"u8.ToArray());
        site.Shutdown(SocketShutdown.Send);

        Assert.Equal("answer", await client.ReadAsync());
        Assert.Equal("", await client.ReadAsync());
    }

    [Fact]
    public async Task Upgraded_LongAnswerAfterTheClientHasFinishedSending_ArrivesWhole()
    {
        const int Length = 16 * 1024 * 1024;
        await using var host = await TestHost.StartAsync(Configuration());
        using var client = await TcpClientSocket.ConnectAsync(host.Urls[0].Port);
        using var site = await UpgradeAsync(client);

        client.End();
        var received = 0;
        await Task.WhenAll(SendAsync(site, Length), ReceiveAsync());

        Assert.Equal(Length, received);

        async Task ReceiveAsync()
        {
            while (await client.ReadAsync() is { Length: > 0 } more)
            {
                received += more.Length;
            }
        }
    }

    // It looks as if it had finished sending, until something is sent to it.
    [Fact]
    public async Task Upgraded_ClientHasClosed_EndsTheRequestOfASiteThatGoesOn()
    {
        await using var host = await TestHost.StartAsync(Configuration());
        using var client = await TcpClientSocket.ConnectAsync(host.Urls[0].Port);
        using var site = await UpgradeAsync(client);

        client.Dispose();

        await Eventually.TrueAsync(async () =>
        {
            try
            {
                return await site.SendAsync("news"u8.ToArray()) == 0;
            }
            catch (SocketException)
            {
                return true;
            }
        });
    }

    [Fact]
    public async Task Upgraded_NothingHappensAfterTheEndOfTheClient_EndsAfterTheTimeout()
    {
        var (time, connection) = (new ManualTime(), new DefaultConnectionContext());
        await RunAsync(
            time,
            connection,
            async (feature, end) =>
            {
                await feature.UpgradeAsync();
                end();
                time.Advance(UpgradeHalfClose.Longest - TimeSpan.FromSeconds(1));
                Assert.False(connection.ConnectionClosed.IsCancellationRequested);

                time.Advance(TimeSpan.FromSeconds(1));

                Assert.True(connection.ConnectionClosed.IsCancellationRequested);
            }
        );
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Upgraded_ConnectionIsAborted_EndsWithoutTheTimeout(bool hasEnded)
    {
        var (time, connection) = (new ManualTime(), new DefaultConnectionContext());
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(_site.LocalEndpoint);
        connection.Features.Set<IConnectionSocketFeature>(new SocketFeature(socket));
        await RunAsync(
            time,
            connection,
            async (feature, end) =>
            {
                await feature.UpgradeAsync();
                (hasEnded ? end : socket.Dispose)();
                (hasEnded ? socket.Dispose : end)();
                time.Advance(TimeSpan.FromSeconds(hasEnded ? 1 : 0));

                Assert.True(connection.ConnectionClosed.IsCancellationRequested);
            }
        );
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Upgrade_Fails_TheEndOfTheClientEndsTheRequest(bool endsMeanwhile)
    {
        var connection = new DefaultConnectionContext();
        await RunAsync(
            new ManualTime(),
            connection,
            async (feature, end) =>
            {
                await Assert.ThrowsAsync<InvalidOperationException>(feature.UpgradeAsync);
                Assert.Equal(endsMeanwhile, connection.ConnectionClosed.IsCancellationRequested);
                end();
                Assert.True(connection.ConnectionClosed.IsCancellationRequested);
            },
            end =>
            {
                (endsMeanwhile ? end : static () => { })();
                throw new InvalidOperationException();
            }
        );
    }

    [Fact]
    public async Task Request_ClientClosesBeforeItsAnswer_IsStillAborted()
    {
        await using var host = await TestHost.StartAsync(Configuration());
        using var client = await TcpClientSocket.ConnectAsync(host.Urls[0].Port);
        await client.SendAsync("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
        using var site = await _site.AcceptSocketAsync().WaitAsync(Eventually.Limit);
        await ReadUntilAsync(site, "\r\n\r\n");

        client.Dispose();

        Assert.Empty(await ReadAsync(site));
    }

    public void Dispose() => _site.Dispose();

    private static Task RunAsync(
        TimeProvider time,
        DefaultConnectionContext connection,
        Func<IHttpUpgradeFeature, Action, Task> request,
        Action<Action>? upgrading = null
    )
    {
        var transport = new CancellationTokenSource();
        connection.ConnectionClosed = transport.Token;
        var watch = new UpgradeHalfClose(time);
        return watch.OnConnectionAsync(
            connection,
            _ => request(watch.Notice(new Upgrade(() => upgrading?.Invoke(transport.Cancel))), transport.Cancel)
        );
    }

    private sealed class Upgrade(Action upgrading) : IHttpUpgradeFeature
    {
        public bool IsUpgradableRequest => true;

        public Task<Stream> UpgradeAsync()
        {
            upgrading();
            return Task.FromResult(Stream.Null);
        }
    }

    private sealed class SocketFeature(Socket socket) : IConnectionSocketFeature
    {
        public Socket Socket => socket;
    }

    private async Task<Socket> UpgradeAsync(TcpClientSocket client)
    {
        await client.SendAsync(Request);
        var site = await _site.AcceptSocketAsync().WaitAsync(Eventually.Limit);
        await ReadUntilAsync(site, "\r\n\r\n");
        await site.SendAsync(Encoding.ASCII.GetBytes(Switching));
        Assert.StartsWith("HTTP/1.1 101", await client.ReadAsync(), StringComparison.Ordinal);
        return site;
    }

    private static async Task SendAsync(Socket site, int length)
    {
        using var limit = new CancellationTokenSource(Eventually.Limit);
        var part = new byte[64 * 1024];
        for (var sent = 0; sent < length; sent += part.Length)
        {
            var rest = part.AsMemory();
            while (!rest.IsEmpty)
            {
                rest = rest[await site.SendAsync(rest, limit.Token)..];
            }
        }

        site.Shutdown(SocketShutdown.Send);
    }

    private static async Task<string> ReadAsync(Socket socket)
    {
        using var limit = new CancellationTokenSource(Eventually.Limit);
        var buffer = new byte[4096];
        try
        {
            return Encoding.ASCII.GetString(buffer, 0, await socket.ReceiveAsync(buffer, limit.Token));
        }
        catch (SocketException)
        {
            return "";
        }
    }

    private static async Task ReadUntilAsync(Socket socket, string end)
    {
        var read = "";
        while (!read.EndsWith(end, StringComparison.Ordinal))
        {
            var more = await ReadAsync(socket);
            Assert.NotEmpty(more);
            read += more;
        }
    }

    private string Configuration() =>
        $$"""
            { "Kestrel": { "Endpoints": { "Http": { "Url": "http://127.0.0.1:0" } } },
              "ReverseProxy": {
                "Routes": { "r": { "ClusterId": "c", "Match": { "Path": "{**path}" } } },
                "Clusters": { "c": { "Destinations": { "a": { "Address": "http://{{_site.LocalEndpoint}}" } } } } } }
            """;
}
