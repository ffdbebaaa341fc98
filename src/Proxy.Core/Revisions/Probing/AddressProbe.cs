using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Http;
using Proxy.Configuration;
using Proxy.Configuration.Channels;
using Proxy.Configuration.Reading;
using Proxy.Configuration.Routes;

namespace Proxy.Revisions.Probing;

/// <summary>Binds every address of a revision for a moment without listening, so that no client is taken from another program.</summary>
internal static class AddressProbe
{
    public static void Run(Revision revision, Func<string, string, bool> runs, ProblemList problems)
    {
        foreach (var (path, address) in Addresses(revision).Where(pair => !runs(pair.Path, pair.Address.Text)))
        {
            if (Refusal(address) is { } reason)
            {
                problems.Error(path, $"'{address.Text}' cannot be bound: {reason}");
            }
        }
    }

    private static IEnumerable<(string Path, ListenAddress Address)> Addresses(Revision revision)
    {
        var tcp = revision.Bindings.Select(binding => (Path(binding, revision.Config.ReverseProxy), binding.Address));
        var admin = Url("Admin:Url", revision.Config.Admin?.Url);
        var tunnel = Url("Channels:Tunnel:Url", revision.Config.Channels?.Tunnel?.Url);
        var http = revision
            .Snapshot.GetSection("Kestrel:Endpoints")
            .GetChildren()
            .SelectMany(static endpoint => Http($"{endpoint.Path}:Url", endpoint["Url"]));
        return tcp.Concat(admin).Concat(tunnel).Concat(http);
    }

    private static string Path(EndpointBinding binding, ReverseProxyConfig config)
    {
        var route = binding.RouteIds.FirstOrDefault(id => config.TcpRoutes[id].Listen is not null);
        return config.TcpEndpoints.ContainsKey(binding.EndpointId) || route is null
            ? $"ReverseProxy:TcpEndpoints:{binding.EndpointId}:Address"
            : $"ReverseProxy:TcpRoutes:{route}:Listen";
    }

    private static IEnumerable<(string Path, ListenAddress Address)> Url(string path, string? url) =>
        TunnelValidator.TryParseUrl(url, out _, out var addresses) ? addresses.Select(address => (path, address)) : [];

    // For Kestrel, any host name means every address.
    private static IEnumerable<(string Path, ListenAddress Address)> Http(string path, string? url)
    {
        var binding = BindingAddress.Parse(url!);
        var host =
            IPAddress.TryParse(binding.Host, out _) || binding.Host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
                ? binding.Host
                : "*";
        var text = binding.IsUnixPipe ? $"unix:{binding.UnixPipePath}" : $"{host}:{binding.Port}";
        return ListenAddress.TryParse(text, out var addresses, out _) ? addresses.Select(address => (path, address)) : [];
    }

    private static string? Refusal(ListenAddress address)
    {
        try
        {
            if (address.UnixPath is { } path)
            {
                return UnixRefusal(path);
            }

            using var socket = new Socket(address.Address!.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            socket.Bind(new IPEndPoint(address.Address, address.Port));
            return null;
        }
        catch (SocketException exception)
        {
            return Explain(exception);
        }
    }

    // Tried with a temporary name, since a program that is about to start might need the real one.
    private static string? UnixRefusal(string path)
    {
        if (File.Exists(path))
        {
            using var client = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified) { Blocking = false };
            try
            {
                client.Connect(new UnixDomainSocketEndPoint(path));
                return "another socket listens there; end that program or use another path.";
            }
            catch (SocketException exception) when (exception.SocketErrorCode == SocketError.ConnectionRefused)
            {
                // Left behind by a crash; removed at start.
            }
        }

        var folder = System.IO.Path.GetDirectoryName(path)!;
        var trial = System.IO.Path.Combine(folder, $".p{Environment.ProcessId}");
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Bind(new UnixDomainSocketEndPoint(trial));
        File.Delete(trial);
        return null;
    }

    private static string Explain(SocketException exception) =>
        exception.SocketErrorCode switch
        {
            SocketError.AddressAlreadyInUse => "another socket listens there; end that program or use another port.",
            SocketError.AddressNotAvailable => "this machine has no such address, or no folder for such a socket.",
            SocketError.AccessDenied => "permission denied; ports below 1024 need CAP_NET_BIND_SERVICE.",
            _ => $"{exception.Message}.",
        };
}
