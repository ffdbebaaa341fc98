using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Proxy.Configuration;
using Proxy.Configuration.Clusters;
using Proxy.Configuration.Reading;
using Proxy.Configuration.Routes;
using Proxy.Configuration.Tls;

namespace Proxy.Host.Tests.EndToEnd;

/// <summary>
/// Overrides of a configuration with which a test can run it: ports that the system chooses, unix sockets in a temporary folder, servers
/// of the test instead of the destinations, loopback networks instead of the clients' networks, and certificates of the test.
/// </summary>
internal sealed class LoopbackLayer : IAsyncDisposable
{
    // A check whose answer a server of the test does not know fails once, which is not enough to be taken out.
    private const string Never = "1.00:00:00";

    private readonly Dictionary<string, string?> _layer = [];
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("px");
    private readonly List<Socket> _servers = [];
    private readonly List<WebApplication> _sites = [];
    private volatile string _lastAsked = "";
    private int _names;

    /// <summary>The source address of a client of a route: the first address of the route's first network, or 127.0.0.1.</summary>
    public static IPAddress ClientOf(TcpRouteConfig route)
    {
        var address = route.Match?.SourceNetworks is [var network, ..] ? IPNetwork.Parse(network).BaseAddress : IPAddress.Loopback;
        return new IPAddress([.. address.GetAddressBytes()[..^1], 1]);
    }

    /// <summary>The cluster that a server names in its answer.</summary>
    public static string ClusterIn(string answer) => answer.Split('/')[0];

    /// <summary>The name of the server of a multiplexed cluster that received data last.</summary>
    public string LastAsked => _lastAsked;

    public async Task<Dictionary<string, string?>> MoveAsync(Revision revision, ExampleCertificates certificates)
    {
        var config = revision.Config.ReverseProxy;
        foreach (var (id, endpoint) in config.TcpEndpoints)
        {
            foreach (var (index, address) in endpoint.Address.Select(text => Move(text, "0")).Distinct().Index())
            {
                _layer[$"ReverseProxy:TcpEndpoints:{id}:Address:{index}"] = address;
            }
        }

        foreach (var (index, (id, route)) in config.TcpRoutes.Index())
        {
            if (route.Listen is { } listen)
            {
                // The Listen text is the endpoint's id, so ids that must differ get different numbers of zeros as port.
                _layer[$"ReverseProxy:TcpRoutes:{id}:Listen"] = Move(listen, new string('0', index + 1));
            }

            foreach (var (number, network) in (route.Match?.SourceNetworks ?? []).Index())
            {
                _layer[$"ReverseProxy:TcpRoutes:{id}:Match:SourceNetworks:{number}"] = Loopback(network);
            }

            if (route.Tls is { } tls)
            {
                MoveFiles(tls, $"ReverseProxy:TcpRoutes:{id}:Tls", certificates);
            }
        }

        foreach (var (id, cluster) in config.Clusters)
        {
            if (cluster.Tcp.Tls?.CertificateAuthority is { } authority)
            {
                _layer[$"ReverseProxy:Clusters:{id}:Tcp:Tls:CertificateAuthority"] = certificates.Move(authority);
            }

            if (cluster.Tcp.Probe is not null)
            {
                _layer[$"ReverseProxy:Clusters:{id}:HealthCheck:Active:Interval"] = Never;
            }

            foreach (var (destinationId, destination) in cluster.Destinations)
            {
                _layer[$"ReverseProxy:Clusters:{id}:Destinations:{destinationId}:Address"] = await ServeAsync(
                    destination.Address,
                    $"{id}/{destinationId}",
                    greets: cluster.Multiplex is null,
                    // PostgreSQL's answer, which the proxy expects before all else from what it has promised a client
                    answer: config.TcpRoutes.Values.Any(route => route.ClusterId == id && Opening.Of(route.Match).IsPostgresByName)
                        ? "S"
                        : "",
                    hasHeader: cluster.Tcp.SendProxyProtocol == ProxyProtocolVersion.V2,
                    certificate: cluster.Tcp.Tls is { } tls ? certificates.Of(tls.ServerName!) : null
                );
            }
        }

        foreach (var endpoint in revision.Snapshot.GetSection("Kestrel:Endpoints").GetChildren())
        {
            _layer[$"{endpoint.Path}:Url"] = "http://127.0.0.1:0";
        }

        if (revision.Config.Admin is not null)
        {
            _layer["Admin:Url"] = "http://127.0.0.1:0";
        }

        return _layer;
    }

    public async ValueTask DisposeAsync()
    {
        _servers.ForEach(static server => server.Dispose());
        foreach (var site in _sites)
        {
            await site.DisposeAsync();
        }

        _folder.Delete(recursive: true);
    }

    private void MoveFiles(RouteTlsConfig tls, string path, ExampleCertificates certificates)
    {
        foreach (var (index, certificate) in tls.Certificate.Index())
        {
            var key = RouteTlsValidator.KeyOf(path, tls, index);
            _layer[$"{key}:Path"] = certificates.Move(certificate.Path);
            _layer[$"{key}:KeyPath"] = certificates.Move(certificate.KeyPath!);
        }

        if (tls.ClientCertificateAuthority is { } authority)
        {
            _layer[$"{path}:ClientCertificateAuthority"] = certificates.Move(authority);
        }
    }

    private string Move(string listen, string port) =>
        listen.StartsWith("unix:", StringComparison.OrdinalIgnoreCase)
            ? $"unix:{UnixPath()}"
            : $"{listen[..listen.LastIndexOf(':')]}:{port}";

    // Maps networks into 127.0.0.0/8 so that a network which contained another still contains it.
    private static string Loopback(string network) =>
        IPNetwork.Parse(network).BaseAddress.AddressFamily == AddressFamily.InterNetwork
            ? $"127{network[network.IndexOf('.', StringComparison.Ordinal)..]}"
            : network;

    private string UnixPath() => Path.Combine(_folder.FullName, $"{_names++}");

    private async Task<string> ServeAsync(
        string address,
        string name,
        bool greets,
        string answer,
        bool hasHeader,
        X509Certificate2? certificate
    )
    {
        if (address.StartsWith("http", StringComparison.OrdinalIgnoreCase))
        {
            return await ServeSiteAsync(name);
        }

        Assert.True(DestinationAddress.TryParse(address, out var written, out _));
        EndPoint endPoint = written.UnixPath is null ? new IPEndPoint(IPAddress.Loopback, 0) : new UnixDomainSocketEndPoint(UnixPath());
        var server = new Socket(endPoint.AddressFamily, SocketType.Stream, ProtocolType.Unspecified);
        server.Bind(endPoint);
        server.Listen();
        _servers.Add(server);
        _ = AcceptAsync(server, name, greets, answer, hasHeader, certificate);
        return server.LocalEndPoint is IPEndPoint { Port: var port }
            ? $"tcp://{(written.Host is "localhost" ? written.Host : "127.0.0.1")}:{port}"
            : $"unix:{endPoint}";
    }

    private async Task<string> ServeSiteAsync(string name)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        var site = builder.Build();
        site.Run(context => context.Response.WriteAsync(name));
        _sites.Add(site);
        await site.StartAsync();
        return site.Urls.Single();
    }

    private async Task AcceptAsync(Socket server, string name, bool greets, string answer, bool hasHeader, X509Certificate2? certificate)
    {
        try
        {
            while (true)
            {
                var socket = await server.AcceptAsync();
                _ = greets ? EchoAsync(socket, name, answer, hasHeader, certificate) : AnswerAsync(socket, name);
            }
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException) { }
    }

    // Sends nothing without a request, which a multiplexer would treat as a protocol error.
    private async Task AnswerAsync(Socket socket, string name)
    {
        try
        {
            await using var stream = new NetworkStream(socket, ownsSocket: true);
            var buffer = new byte[4096];
            while (await stream.ReadAsync(buffer) is var count and > 0)
            {
                _lastAsked = name;
                await stream.WriteAsync(buffer.AsMemory(0, count));
            }
        }
        catch (IOException)
        {
            // The proxy ended the connection.
        }
    }

    // A PROXY protocol header of version 2: its last two fixed bytes are the length of the rest.
    private static async Task SkipHeaderAsync(NetworkStream stream)
    {
        var start = new byte[16];
        await stream.ReadExactlyAsync(start);
        await stream.ReadExactlyAsync(new byte[(start[14] << 8) | start[15]]);
    }

    private static async Task EchoAsync(Socket socket, string name, string answer, bool hasHeader, X509Certificate2? certificate)
    {
        try
        {
            await using var network = new NetworkStream(socket, ownsSocket: true);
            if (hasHeader)
            {
                await SkipHeaderAsync(network);
            }

            await using Stream stream = certificate is null ? network : await AuthenticateAsync(network, certificate);

            if (answer.Length > 0)
            {
                await stream.ReadExactlyAsync(new byte[Opening.AskForTls.Length]);
            }

            await stream.WriteAsync(Encoding.ASCII.GetBytes($"{answer}{name}\n"));
            await stream.CopyToAsync(stream);
        }
        catch (Exception exception) when (exception is IOException or AuthenticationException)
        {
            // The client left, or the connection was a health check.
        }
    }

    private static async Task<SslStream> AuthenticateAsync(NetworkStream network, X509Certificate2 certificate)
    {
        var stream = new SslStream(network);
        await stream.AuthenticateAsServerAsync(certificate);
        return stream;
    }
}
