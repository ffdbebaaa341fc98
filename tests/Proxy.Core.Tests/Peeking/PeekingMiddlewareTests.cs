using System.Net;
using System.Net.Sockets;
using System.Text;
using Proxy.Connections;
using Proxy.Core.Tests.Multiplexing;
using Proxy.Diagnostics;
using Proxy.Peeking.Detectors;

namespace Proxy.Core.Tests.Peeking;

public sealed class PeekingMiddlewareTests
{
    private static readonly byte[] _ask = PostgresRequests.AskForTls.ToArray();

    public static TheoryData<string> Transports => [Multiplexer.Portable, Multiplexer.Loops];

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task OnConnection_SeveralServicesOnOnePort_EachGetsItsClientsAndAllTheirBytes(string transport)
    {
        await using var edge = await Edge.StartAsync(transport);

        Assert.Equal("mail", await edge.ServedByAsync(Hellos.OpenSsl));
        Assert.Equal("wild", await edge.ServedByAsync(Hellos.Chromium));
        Assert.Equal("alpn", await edge.ServedByAsync(Hellos.Curl));
        Assert.Equal("ssh", await edge.ServedByAsync("SSH-2.0-OpenSSH_9.2\r\n"u8.ToArray()));
        Assert.Equal("http", await edge.ServedByAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n"u8.ToArray()));
        Assert.Equal("rest", await edge.ServedByAsync(Hellos.Psql));
        Assert.Equal("rest", await edge.ServedByAsync("*1\r\n$4\r\nPING\r\n"u8.ToArray()));
        await edge.NothingIsHeldAsync();
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task OnConnection_HelloSplitAnywhere_RoutedByItsName(string transport)
    {
        await using var edge = await Edge.StartAsync(transport);

        for (var split = 1; split < Hellos.OpenSsl.Length; split += 3)
        {
            Assert.Equal("mail", await edge.ServedByAsync(Hellos.OpenSsl[..split], Hellos.OpenSsl[split..]));
        }

        var drip = Hellos.Records(Hellos.MessageOf(Hellos.OpenSsl), 1).Select(static value => (byte[])[value]);
        Assert.Equal("mail", await edge.ServedByAsync([.. drip]));
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task OnConnection_MuchBehindTheHello_RelayedWholeByTheTransport(string transport)
    {
        await using var edge = await Edge.StartAsync(transport);
        byte[] all = [.. Hellos.OpenSsl, .. new byte[4 << 20]];
        Random.Shared.NextBytes(all.AsSpan(Hellos.OpenSsl.Length));

        Assert.Equal("mail", await edge.ServedByAsync(all));
        await edge.NothingIsHeldAsync();
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task OnConnection_Peeked_ConnectionIsAsIfNothingHadBeenRead(string transport)
    {
        await using var edge = await Edge.StartAsync(transport);
        using var client = await edge.ConnectAsync();
        await client.SendAsync(Hellos.OpenSsl);
        await edge.Mail.AcceptedAsync();

        var record = Assert.Single(edge.Records);
        Assert.Equal(("mail", "mail.example.com", "imap,h2"), (record.RouteId, record.ServerName, record.AlpnProtocols));
        await Eventually.TrueAsync(() => record.ClientBytes == Hellos.OpenSsl.Length);
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task OnConnection_EndsWithinTheHello_GoesToTheRouteThatNeedsNoBytes(string transport)
    {
        await using var edge = await Edge.StartAsync(transport);
        using var client = await edge.ConnectAsync();

        await client.SendAsync(Hellos.OpenSsl.AsMemory(0, 100));
        client.Shutdown(SocketShutdown.Send);

        var (bytes, reset) = await client.ReadToEndAsync();
        Assert.False(reset);
        Assert.Equal([.. "rest"u8, .. Hellos.OpenSsl.AsSpan(0, 100)], bytes);
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task OnConnection_SilentClient_ServedAfterTheTimeLimitByTheRouteThatNeedsNoBytes(string transport)
    {
        var time = new ManualTime();
        await using var edge = await Edge.StartAsync(transport, time: time);
        using var client = await edge.ConnectAsync();
        await client.SendAsync(Hellos.OpenSsl.AsMemory(0, 100));
        await time.WaitForTimerAsync(Edge.PeekTimeout);
        Assert.Null(Assert.Single(edge.Records).RouteId);

        time.Advance(Edge.PeekTimeout);

        Assert.Equal("rest", await client.ReadTextAsync(4));
        Assert.Equal(Encoding.Latin1.GetString(Hellos.OpenSsl.AsSpan(0, 100)).Length, (await Edge.ReadAsync(client, 100)).Length);
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task OnConnection_SilentClientAndNoRouteWithoutBytes_ResetAsPeekTimeout(string transport)
    {
        var time = new ManualTime();
        await using var edge = await Edge.StartAsync(transport, time: time, withRest: false);
        using var client = await edge.ConnectAsync();
        await time.WaitForTimerAsync(Edge.PeekTimeout);
        var record = Assert.Single(edge.Records);

        time.Advance(Edge.PeekTimeout);

        Assert.True((await client.ReadToEndAsync()).Reset);
        Assert.Equal(ConnectionOutcome.PeekTimeout, record.Outcome);
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task OnConnection_UnknownName_ResetAtOnce(string transport)
    {
        await using var edge = await Edge.StartAsync(transport, withRest: false);
        using var client = await edge.ConnectAsync();

        await client.SendAsync(Hellos.Psql);

        Assert.True((await client.ReadToEndAsync()).Reset);
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task OnConnection_PostgresWithName_AskedOnBothSidesBeforeTheHello(string transport)
    {
        await using var edge = await Edge.StartAsync(transport);
        using var client = await edge.ConnectAsync();
        await client.SendAsync(_ask);
        Assert.Equal("S", await client.ReadTextAsync(1));
        await client.SendAsync(Hellos.Psql);

        using var server = await edge.Database.AcceptWithinAsync();
        Assert.Equal(_ask, await Edge.ReadAsync(server, _ask.Length));
        await server.SendAsync("Sserver"u8.ToArray());
        Assert.Equal(Hellos.Psql, await Edge.ReadAsync(server, Hellos.Psql.Length));
        Assert.Equal("server", await client.ReadTextAsync(6));
        Assert.Equal(("db", "db.example.com"), (edge.Records[0].RouteId, edge.Records[0].ServerName));
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task OnConnection_PostgresServerWithoutTls_ClientReset(string transport)
    {
        await using var edge = await Edge.StartAsync(transport);
        using var client = await edge.ConnectAsync();
        await client.SendAsync(_ask);
        Assert.Equal("S", await client.ReadTextAsync(1));
        await client.SendAsync(Hellos.Psql);

        using var server = await edge.Database.AcceptWithinAsync();
        var record = Assert.Single(edge.Records);
        await server.SendAsync("N"u8.ToArray());

        Assert.True((await client.ReadToEndAsync()).Reset);
        Assert.Equal(ConnectionOutcome.ConnectFailed, record.Outcome);
    }

    /// <summary>One port for several services.</summary>
    private sealed class Edge : IAsyncDisposable
    {
        private readonly Multiplexer _proxy;
        private readonly List<Service> _services;

        private Edge(string transport, ManualTime? time)
        {
            _services = [.. new[] { "mail", "wild", "alpn", "ssh", "http", "rest" }.Select(static name => new Service(name))];
            _proxy = new Multiplexer(transport, time);
        }

        public Socket Database { get; } = Loopback.Listen();

        public Service Mail => _services[0];

        public static TimeSpan PeekTimeout => TimeSpan.FromSeconds(7);

        public IReadOnlyList<ConnectionRecord> Records => [.. _proxy.Tracker.Open];

        public static async Task<Edge> StartAsync(string transport, ManualTime? time = null, bool withRest = true)
        {
            var edge = new Edge(transport, time);
            string Route(string name, string match) =>
                $"\"{name}\": {{ \"ClusterId\": \"{name}\", \"Match\": {{ \"Endpoints\": [\"edge\"] {match} }} }}";
            var clusters = edge
                ._services.Select(static service =>
                    $"\"{service.Name}\": {{ \"Destinations\": {{ \"d\": {{ \"Address\": \"{service.Address}\" }} }} }}"
                )
                .Append($"\"db\": {{ \"Destinations\": {{ \"d\": {{ \"Address\": \"{edge.Database.Address()}\" }} }} }}");
            await edge._proxy.EditAsync(
                $$"""
                { "ReverseProxy": {
                    "TcpEndpoints": { "edge": { "Address": "127.0.0.1:0", "PeekTimeout": "00:00:07" } },
                    "TcpRoutes": {
                      {{Route("mail", ", \"ServerNames\": [\"mail.example.com\"]")}},
                      {{Route("wild", ", \"ServerNames\": [\"*.example.org\"]")}},
                      {{Route("alpn", ", \"AlpnProtocols\": [\"h2\"]")}},
                      {{Route("db", ", \"ServerNames\": [\"db.example.com\"], \"Protocols\": [\"Postgres\"]")}},
                      {{Route("ssh", ", \"Protocols\": [\"Ssh\"]")}},
                      {{Route("http", ", \"Protocols\": [\"Http\"]")}}
                      {{(withRest ? "," + Route("rest", "") : "")}}
                    },
                    "Clusters": { {{string.Join(',', clusters)}} } } }
                """
            );
            return edge;
        }

        public async Task<Socket> ConnectAsync()
        {
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            await socket.ConnectAsync(_proxy.Address());
            return socket;
        }

        /// <summary>Sends bytes in parts, and returns the name of the service that has answered with its name and the same bytes.</summary>
        public async Task<string> ServedByAsync(params byte[][] parts)
        {
            using var client = await ConnectAsync();
            var reading = client.ReadToEndAsync();
            foreach (var part in parts)
            {
                await client.SendAsync(part);
            }

            client.Shutdown(SocketShutdown.Send);
            var (bytes, _) = await reading;
            var sent = parts.Sum(static part => part.Length);
            Assert.Equal(parts.SelectMany(static part => part), bytes.AsSpan(bytes.Length - sent).ToArray());
            return Encoding.ASCII.GetString(bytes, 0, bytes.Length - sent);
        }

        public static async Task<byte[]> ReadAsync(Socket socket, int length)
        {
            using var limit = new CancellationTokenSource(Eventually.Limit);
            var bytes = new byte[length];
            await using var stream = new NetworkStream(socket, ownsSocket: false);
            await stream.ReadExactlyAsync(bytes, limit.Token);
            return bytes;
        }

        public Task NothingIsHeldAsync() => Eventually.TrueAsync(() => _proxy.Service<BufferPool>().Outstanding == 0);

        public async ValueTask DisposeAsync()
        {
            await _proxy.DisposeAsync();
            _services.ForEach(static service => service.Dispose());
            Database.Dispose();
        }
    }

    /// <summary>A server that says its name and sends back what it gets.</summary>
    private sealed class Service : IDisposable
    {
        private readonly Socket _listener = Loopback.Listen();
        private readonly TaskCompletionSource _accepted = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Service(string name)
        {
            Name = name;
            _ = AcceptAsync();
        }

        public string Name { get; }

        public string Address => _listener.Address();

        public Task AcceptedAsync() => _accepted.Task.WaitAsync(Eventually.Limit);

        public void Dispose() => _listener.Dispose();

        private async Task AcceptAsync()
        {
            try
            {
                while (true)
                {
                    var socket = await _listener.AcceptAsync();
                    _accepted.TrySetResult();
                    _ = EchoAsync(socket);
                }
            }
            catch (Exception exception) when (exception is SocketException or ObjectDisposedException) { }
        }

        private async Task EchoAsync(Socket socket)
        {
            using var owned = socket;
            try
            {
                await socket.SendAsync(Encoding.ASCII.GetBytes(Name));
                var buffer = new byte[65536];
                while (await socket.ReceiveAsync(buffer) is var count and > 0)
                {
                    await socket.SendAsync(buffer.AsMemory(0, count));
                }
            }
            catch (SocketException) { }
        }
    }
}
