using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Proxy.Host.Tests.Support;

namespace Proxy.Host.Tests.EndToEnd.Servers;

/// <summary>The PROXY protocol, spoken with a real HAProxy and a real nginx, before this proxy and behind it.</summary>
public sealed class ProxyProtocolServerTests : IAsyncLifetime
{
    private const string Request = "GET / HTTP/1.0\r\n\r\n";
    private static readonly string[] _versions = ["V1", "V2"];

    private readonly string _folder = Directory.CreateTempSubdirectory("proxy-protocol").FullName;
    private readonly List<Process> _servers = [];
    private TestHost? _host;

    [RealServerFact("nginx")]
    public async Task Accept_NginxSends_ClientIsTheHeaders()
    {
        using var server = new TcpServer("hello");
        var (ours, sender) = (Ports.Free(), Ports.Free());
        await StartNginxAsync(
            $"stream {{ server {{ listen 127.0.0.1:{sender}; proxy_pass 127.0.0.1:{ours}; proxy_protocol on; }} }}", // version 1 is all it sends
            sender
        );
        await StartAsync(new Hop(ours, "Required", server.Port, "None"));

        using var client = await ConnectAsync(sender);
        using var limit = new CancellationTokenSource(Eventually.Limit);
        var greeting = new byte[5];
        await using var stream = new NetworkStream(client);
        await stream.ReadExactlyAsync(greeting, limit.Token);

        Assert.Equal("hello", Encoding.ASCII.GetString(greeting));
        var record = Assert.Single(_host!.Tracker.Open);
        Assert.Equal((client.LocalEndPoint, "v1"), (record.Client, record.ProxyHeader));
        Assert.Equal(IPAddress.Loopback, Assert.IsType<IPEndPoint>(record.Peer).Address); // nginx
    }

    [RealServerFact("nginx")]
    public async Task Accept_NginxSendsNone_NoServerIsReached()
    {
        using var server = new TcpServer("hello");
        var (ours, sender) = (Ports.Free(), Ports.Free());
        await StartNginxAsync($"stream {{ server {{ listen 127.0.0.1:{sender}; proxy_pass 127.0.0.1:{ours}; }} }}", sender);
        await StartAsync(new Hop(ours, "Required", server.Port, "None"));

        var (answer, _) = await AskAsync(sender);

        Assert.Equal(("", 0), (answer, server.Connections));
    }

    [RealServerFact("nginx")]
    public async Task Send_NginxReceives_ClientsAddressArrives()
    {
        var (web, raw) = await StartReceiverAsync();
        List<Hop> hops =
        [
            .. from version in _versions from receiver in (int[])[web, raw] select new Hop(Ports.Free(), "Off", receiver, version),
        ];
        await StartAsync([.. hops]);

        foreach (var hop in hops)
        {
            var (answer, client) = await AskAsync(hop.Port);
            Assert.Equal((hop, $"{client} 127.0.0.1:{hop.Port}"), (hop, answer));
        }
    }

    [RealServerFact("haproxy", "nginx")]
    public async Task Chain_HaproxyAndNginx_ClientsAddressArrivesInEveryVersion()
    {
        var (web, raw) = await StartReceiverAsync();
        var chains = (
            from sent in (string[])["send-proxy", "send-proxy-v2"]
            from version in _versions
            from receiver in (int[])[web, raw]
            select (First: Ports.Free(), Sent: sent, Hop: new Hop(Ports.Free(), "Required", receiver, version))
        ).ToList();
        await StartAsync([.. chains.Select(static chain => chain.Hop)]);
        await StartHaproxyAsync(
            string.Concat(
                chains.Select(static one =>
                    $"listen p{one.First}\n  bind 127.0.0.1:{one.First}\n  server a 127.0.0.1:{one.Hop.Port} {one.Sent}\n"
                )
            ),
            [.. chains.Select(static chain => chain.First)]
        );

        foreach (var chain in chains)
        {
            var (answer, client) = await AskAsync(chain.First);
            Assert.Equal((chain, $"{client} 127.0.0.1:{chain.First}"), (chain, answer));
        }
    }

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        if (_host is not null)
        {
            await _host.DisposeAsync();
        }

        foreach (var server in _servers)
        {
            server.Kill();
            await server.WaitForExitAsync();
            server.Dispose();
        }

        Directory.Delete(_folder, recursive: true);
    }

    private static async Task<Socket> ConnectAsync(int port)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Parse("127.0.0.5"), 0)); // an address that neither server nor proxy has
        await socket.ConnectAsync(IPAddress.Loopback, port);
        return socket;
    }

    /// <summary>What a client is answered, and its address. An end by a reset is an end.</summary>
    private static async Task<(string Answer, EndPoint Client)> AskAsync(int port)
    {
        using var client = await ConnectAsync(port);
        using var limit = new CancellationTokenSource(Eventually.Limit);
        await client.SendAsync(Encoding.ASCII.GetBytes(Request), limit.Token);
        var answer = new StringBuilder();
        var buffer = new byte[4096];
        try
        {
            while (await client.ReceiveAsync(buffer, limit.Token) is > 0 and var count)
            {
                answer.Append(Encoding.ASCII.GetString(buffer, 0, count));
            }
        }
        catch (SocketException exception) when (exception.SocketErrorCode == SocketError.ConnectionReset)
        {
            // The answer is what came before it.
        }

        return (answer.ToString().Split("\r\n\r\n")[^1].Trim(), client.LocalEndPoint!);
    }

    private async Task StartAsync(params Hop[] hops) =>
        _host = await TestHost.StartAsync(
            $$"""
            { "ReverseProxy": {
                "TcpEndpoints": { {{string.Join(
                ", ",
                hops.Select(static hop =>
                    $$"""
                    "e{{hop.Port}}": { "Address": "127.0.0.1:{{hop.Port}}", "ProxyProtocol": { "Accept": "{{hop.Accept}}", "TrustedNetworks": ["127.0.0.1"] } }
                    """
                )
            )}} },
                "TcpRoutes": { {{string.Join(
                ", ",
                hops.Select(static hop => $$""" "r{{hop.Port}}": { "Match": { "Endpoints": ["e{{hop.Port}}"] }, "ClusterId": "c{{hop.Port}}" } """)
            )}} },
                "Clusters": { {{string.Join(
                ", ",
                hops.Select(static hop =>
                    $$"""
                    "c{{hop.Port}}": { "Tcp": { "SendProxyProtocol": "{{hop.Send}}" }, "Destinations": { "a": { "Address": "tcp://127.0.0.1:{{hop.Destination}}" } } }
                    """
                )
            )}} } } }
            """
        );

    /// <summary>An nginx that answers what the header said: over HTTP and, on the other port, at once.</summary>
    private async Task<(int Web, int Raw)> StartReceiverAsync()
    {
        const string told = "$proxy_protocol_addr:$proxy_protocol_port $proxy_protocol_server_addr:$proxy_protocol_server_port";
        var (web, raw) = (Ports.Free(), Ports.Free());
        await StartNginxAsync(
            $$"""
            http {
              access_log off;
              client_body_temp_path {{_folder}}/1; proxy_temp_path {{_folder}}/2; fastcgi_temp_path {{_folder}}/3; uwsgi_temp_path {{_folder}}/4; scgi_temp_path {{_folder}}/5;
              server { listen 127.0.0.1:{{web}} proxy_protocol; location / { return 200 "{{told}}"; } }
            }
            stream { server { listen 127.0.0.1:{{raw}} proxy_protocol; return "{{told}}"; } }
            """,
            web,
            raw
        );
        return (web, raw);
    }

    private Task StartNginxAsync(string parts, params int[] ports)
    {
        // Debian builds the stream module apart from nginx.
        const string module = "/usr/lib/nginx/modules/ngx_stream_module.so";
        var load = File.Exists(module) ? $"load_module {module};" : "";
        return StartServerAsync(
            "nginx",
            $"{load} daemon off; master_process off; pid {_folder}/pid; error_log stderr error; events {{ }}\n{parts}",
            static file => ["-e", "stderr", "-c", file],
            ports
        );
    }

    private Task StartHaproxyAsync(string listeners, params int[] ports) =>
        StartServerAsync(
            "haproxy",
            $"global\n  maxconn 100\ndefaults\n  mode tcp\n  timeout connect 1m\n  timeout client 5m\n  timeout server 5m\n{listeners}",
            static file => ["-db", "-f", file],
            ports
        );

    private async Task StartServerAsync(string program, string configuration, Func<string, string[]> arguments, int[] ports)
    {
        var file = Path.Combine(_folder, $"{program}.conf");
        await File.WriteAllTextAsync(file, configuration);
        _servers.Add(Programs.Start(program, arguments(file)));
        foreach (var port in ports)
        {
            await Programs.ListensAsync(port);
        }
    }

    /// <summary>An endpoint of ours with its destination.</summary>
    private sealed record Hop(int Port, string Accept, int Destination, string Send);
}
