using System.Net;
using System.Net.Sockets;
using Proxy.Host.Tests.Support;

namespace Proxy.Host.Tests.EndToEnd;

/// <summary>A process that ends in the middle of an answer. Neither side may take that for the end of the answer.</summary>
public sealed class CutTests
{
    [Theory]
    [InlineData("Epoll")]
    [InlineData("Sockets")]
    public async Task Kill_DuringAnswer_BothSidesAreReset(string transport)
    {
        using var cut = await Cut.StartAsync(transport);

        await cut.Proxy.SignalAsync("KILL");

        Assert.Null(await cut.Client.ReadAsync());
        await cut.UpstreamIsResetAsync();
    }

    [Theory]
    [InlineData("Epoll")]
    [InlineData("Sockets")]
    public async Task SecondTerm_DuringAnswer_BothSidesAreResetAndExitIsZero(string transport)
    {
        using var cut = await Cut.StartAsync(transport);

        await cut.Proxy.SignalAsync("TERM");
        await Eventually.TrueAsync(async () => !await Programs.AcceptsAsync(cut.Port)); // the first signal is being handled
        await cut.Proxy.SignalAsync("TERM");

        Assert.Null(await cut.Client.ReadAsync());
        await cut.UpstreamIsResetAsync();
        Assert.Equal(0, await cut.Proxy.ExitAsync());
    }

    [Theory]
    [InlineData("Epoll")]
    [InlineData("Sockets")]
    public async Task Kill_DuringExchangeOfMultiplex_BothSidesAreReset(string transport)
    {
        using var cut = await Cut.StartAsync(transport, multiplexed: true);

        await cut.Proxy.SignalAsync("KILL");

        Assert.Null(await cut.Client.ReadAsync());
        await cut.UpstreamIsResetAsync();
    }

    /// <summary>The program between a client and an upstream that has begun to answer.</summary>
    private sealed class Cut : IDisposable
    {
        private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("cut");
        private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        private Socket? _upstream;
        private TcpClientSocket? _client;
        private ProxyProcess? _proxy;

        public ProxyProcess Proxy => _proxy!;

        public TcpClientSocket Client => _client!;

        public int Port { get; private set; }

        public static async Task<Cut> StartAsync(string transport, bool multiplexed = false)
        {
            var cut = new Cut();
            try
            {
                await cut.BeginAsync(transport, multiplexed);
                return cut;
            }
            catch
            {
                cut.Dispose();
                throw;
            }
        }

        public async Task UpstreamIsResetAsync()
        {
            using var limit = new CancellationTokenSource(Eventually.Limit);
            var end = await Assert.ThrowsAsync<SocketException>(async () => await _upstream!.ReceiveAsync(new byte[16], limit.Token));
            Assert.Equal(SocketError.ConnectionReset, end.SocketErrorCode);
        }

        public void Dispose()
        {
            _client?.Dispose();
            _upstream?.Dispose();
            _listener.Dispose();
            _proxy?.Dispose();
            _folder.Delete(recursive: true);
        }

        private async Task BeginAsync(string transport, bool multiplexed)
        {
            using var limit = new CancellationTokenSource(Eventually.Limit);
            _listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
            _listener.Listen();
            var file = Path.Combine(_folder.FullName, "proxy.json");
            var (mode, cluster) = multiplexed ? ("Multiplex", """ "Multiplex": { "Protocol": "line" }, """) : ("Forward", "");
            var upstream = ((IPEndPoint)_listener.LocalEndPoint!).Port;
            await File.WriteAllTextAsync(
                file,
                $$"""
                { "Transport": { "Kind": "{{transport}}" }, "ReverseProxy": {
                    "TcpRoutes": { "r": { "Listen": "127.0.0.1:0", "ClusterId": "c", "Mode": "{{mode}}" } },
                    "Clusters": { "c": { {{cluster}} "Destinations": { "d": { "Address": "tcp://127.0.0.1:{{upstream}}" } } } } } }
                """
            );
            _proxy = new ProxyProcess("", "run", "--config", file);
            Port = await _proxy.PortAsync();
            _client = await TcpClientSocket.ConnectAsync(Port);
            await _client.SendAsync("ask\n");
            _upstream = await _listener.AcceptAsync(limit.Token);
            Assert.Equal(4, await _upstream.ReceiveAsync(new byte[16], limit.Token));
            await _upstream.SendAsync("first"u8.ToArray(), limit.Token);
            if (!multiplexed)
            {
                Assert.Equal("first", await _client.ReadAsync());
            }
        }
    }
}
