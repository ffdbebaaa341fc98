using System.Diagnostics.Metrics;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Microsoft.AspNetCore.Connections;
using Proxy.Core.Tests.Multiplexing;
using Proxy.Diagnostics;
using Proxy.Tls.Termination;

namespace Proxy.Core.Tests.Tls.Termination;

/// <summary>Routes that terminate TLS, in front of servers in clear which say their name and send back what they get.</summary>
internal sealed class TlsEdge : IAsyncDisposable
{
    private readonly Dictionary<string, Server> _servers = [];

    private TlsEdge(string transport, TimeProvider? time, Func<IConnectionFactory, IConnectionFactory>? dials = null) =>
        Proxy = new Multiplexer(transport, time, dials, Log);

    public static TheoryData<string> Transports => [Multiplexer.Portable, Multiplexer.Loops];

    public Authority Authority { get; } = new();

    public Multiplexer Proxy { get; }

    public LogLines Log { get; } = new();

    /// <summary>The records of all connections that were accepted, also of those that have ended.</summary>
    public IReadOnlyList<ConnectionRecord> Open => [.. Proxy.Tracker.Open];

    /// <param name="transport">The transport.</param>
    /// <param name="routes">The routes, each with the server of its name as cluster; gets the authority.</param>
    /// <param name="endpoints">Endpoints.</param>
    /// <param name="time">Time that the test moves.</param>
    /// <param name="dials">Takes the place of what dials, and gets it.</param>
    public static async Task<TlsEdge> StartAsync(
        string transport,
        Func<Authority, string> routes,
        string endpoints = "",
        TimeProvider? time = null,
        Func<IConnectionFactory, IConnectionFactory>? dials = null
    )
    {
        var edge = new TlsEdge(transport, time, dials);
        await edge.EditAsync(routes(edge.Authority), endpoints);
        return edge;
    }

    /// <summary>A route with a plain Listen and the name "r".</summary>
    public static Task<TlsEdge> StartAsync(string transport, string tls = "", TimeProvider? time = null) =>
        StartAsync(transport, authority => Route(authority, "r", "\"Listen\": \"127.0.0.1:0\"", tls), time: time);

    public static string Route(Authority authority, string name, string place, string tls = "") =>
        $$"""
            "{{name}}": { {{place}}, "ClusterId": "{{name}}", "Tls": { "Certificate": {{authority.Server(
                $"{name}.example.com"
            )}}{{(tls.Length > 0 ? "," : "")}} {{tls}} } }
            """;

    public Task EditAsync(string routes, string endpoints = "")
    {
        foreach (var name in (string[])["r", "a", "b", "c", "plain"])
        {
            if (!_servers.ContainsKey(name))
            {
                _servers.Add(name, new(name));
            }
        }

        var clusters = _servers.Values.Select(static server =>
            $$"""
                "{{server.Name}}": { "Destinations": { "d": { "Address": "{{server.Address}}" } } }
                """
        );
        return Proxy.EditAsync(
            $$"""
            { "ReverseProxy": {
                "TcpEndpoints": { {{endpoints}} },
                "TcpRoutes": { {{routes}} },
                "Clusters": { {{string.Join(',', clusters)}} } } }
            """
        );
    }

    public async Task<Socket> ConnectAsync(string key = "")
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(Proxy.Address(key));
        return socket;
    }

    /// <summary>A client after its handshake, which trusts the authority.</summary>
    public async Task<SslStream> HandshakeAsync(SslClientAuthenticationOptions? options = null, string key = "", Stream? over = null)
    {
        var stream = new SslStream(over ?? new NetworkStream(await ConnectAsync(key), ownsSocket: true));
        try
        {
            await stream.AuthenticateAsClientAsync(Trusting(options ?? new())).WaitAsync(Eventually.Limit);
            return stream;
        }
        catch (Exception exception)
        {
            await stream.DisposeAsync();
            if (exception is IOException)
            {
                throw new IOException($"{exception.Message} The log of the proxy: {string.Join(" | ", Log.All)}", exception);
            }

            throw;
        }
    }

    public static SslClientAuthenticationOptions For(string name, SslProtocols version = SslProtocols.None) =>
        new() { TargetHost = name, EnabledSslProtocols = version };

    public static SslClientAuthenticationOptions With(
        X509Certificate2? certificate,
        SslProtocols version = SslProtocols.None,
        string name = "r.example.com"
    ) =>
        new()
        {
            TargetHost = name,
            EnabledSslProtocols = version,
            ClientCertificates = certificate is null ? null : [certificate],
            LocalCertificateSelectionCallback = (_, _, _, _, _) => certificate,
        };

    /// <summary>The name of the server that has answered, after a client has said something and got it back.</summary>
    public static async Task<string> ServedByAsync(SslStream client)
    {
        using var limit = new CancellationTokenSource(Eventually.Limit);
        await client.WriteAsync("hello\n"u8.ToArray(), limit.Token);
        using var reader = new StreamReader(client, leaveOpen: true);
        var name = await reader.ReadLineAsync(limit.Token);
        Assert.Equal("hello", await reader.ReadLineAsync(limit.Token));
        return name!;
    }

    /// <summary>How a client that did its handshake is refused: within the handshake or by the first read.</summary>
    public async Task<Exception> RefusedAsync(SslClientAuthenticationOptions options, string key = "")
    {
        return await Assert.ThrowsAnyAsync<Exception>(async () =>
        {
            await using var client = await HandshakeAsync(options, key);
            using var limit = new CancellationTokenSource(Eventually.Limit);
            var count = await client.ReadAsync(new byte[1], limit.Token);
            throw new IOException($"It ended after {count} bytes.");
        });
    }

    /// <summary>Waits until all connections have ended, and returns how each did.</summary>
    public async Task<IReadOnlyList<ConnectionOutcome>> EndedAsync(params ConnectionRecord[] records)
    {
        await Eventually.TrueAsync(() => Proxy.Tracker.Count == 0);
        return [.. records.Select(static record => record.Outcome!.Value)];
    }

    /// <summary>The handshakes of an endpoint under way, and the clients that wait.</summary>
    public (int Running, int Waiting) Gate(string endpoint) => Proxy.Service<HandshakeGates>().Of(endpoint).Count;

    /// <summary>Waits until so many handshakes have failed for a reason.</summary>
    public Task FailuresAsync(string reason, int count) =>
        Eventually.TrueAsync(() => Counted("proxy.tls.handshakes", "proxy.reason", reason) == count);

    /// <summary>The value of a counter, of all series with a label.</summary>
    public long Counted(string instrument, string label, string value)
    {
        long sum = 0;
        using var listener = new MeterListener
        {
            InstrumentPublished = (found, listener) =>
            {
                if (found.Name == instrument && found.Meter.Scope == Proxy.Service<IMeterFactory>())
                {
                    listener.EnableMeasurementEvents(found);
                }
            },
        };
        listener.SetMeasurementEventCallback<long>(
            (_, measured, tags, _) =>
            {
                foreach (var tag in tags)
                {
                    sum += tag.Key == label && value.Equals(tag.Value) ? measured : 0;
                }
            }
        );
        listener.Start();
        listener.RecordObservableInstruments();
        return sum;
    }

    public async ValueTask DisposeAsync()
    {
        await Proxy.DisposeAsync();
        foreach (var server in _servers.Values)
        {
            server.Dispose();
        }

        Authority.Dispose();
    }

    private SslClientAuthenticationOptions Trusting(SslClientAuthenticationOptions options)
    {
        options.TargetHost ??= "r.example.com";
        if (options.RemoteCertificateValidationCallback is null && options.CertificateChainPolicy is null)
        {
            options.CertificateChainPolicy = new()
            {
                TrustMode = X509ChainTrustMode.CustomRootTrust,
                RevocationMode = X509RevocationMode.NoCheck,
            };
            options.CertificateChainPolicy.CustomTrustStore.ImportFromPemFile(Authority.Path);
        }

        return options;
    }

    private sealed class Server : IDisposable
    {
        private readonly Socket _listener = Loopback.Listen();

        public Server(string name)
        {
            Name = name;
            _ = AcceptAsync();
        }

        public string Name { get; }

        public string Address => _listener.Address();

        public void Dispose() => _listener.Dispose();

        private async Task AcceptAsync()
        {
            try
            {
                while (true)
                {
                    _ = EchoAsync(await _listener.AcceptAsync());
                }
            }
            catch (Exception exception) when (exception is SocketException or ObjectDisposedException) { }
        }

        private async Task EchoAsync(Socket socket)
        {
            using var owned = socket;
            try
            {
                await socket.SendAsync(Encoding.ASCII.GetBytes($"{Name}\n"));
                var buffer = new byte[65536];
                while (await socket.ReceiveAsync(buffer) is var count and > 0)
                {
                    await socket.SendAsync(buffer.AsMemory(0, count));
                }

                socket.Shutdown(SocketShutdown.Send);
            }
            catch (SocketException) { }
        }
    }
}
