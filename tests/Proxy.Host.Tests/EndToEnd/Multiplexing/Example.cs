using System.Net.Sockets;
using Proxy.Host.Tests.Support;

namespace Proxy.Host.Tests.EndToEnd.Multiplexing;

/// <summary>A shipped configuration that runs on ports the system chooses, with what a test lays over it.</summary>
internal sealed class Example : IAsyncDisposable
{
    private readonly TestHost _host;
    private readonly string _file;
    private readonly string[] _routes;
    private readonly Dictionary<string, string?> _layer;

    private Example(TestHost host, string file, string[] routes, Dictionary<string, string?> layer) =>
        (_host, _file, _routes, _layer) = (host, file, routes, layer);

    /// <summary>The number of connections to the only multiplexed destination.</summary>
    public int Upstreams => _host.Multiplexed.Upstreams.Count;

    /// <param name="file">The file, below config.</param>
    /// <param name="routes">The ids of its TCP routes.</param>
    /// <param name="layer">Keys and values that win over the file's.</param>
    public static async Task<Example> StartAsync(string file, string[] routes, Dictionary<string, string?> layer)
    {
        foreach (var route in routes)
        {
            layer[$"ReverseProxy:TcpRoutes:{route}:Listen"] = Listen(routes, route);
        }

        return new(await TestHost.StartAsync(layer, "config", file), file, routes, layer);
    }

    /// <summary>Edits one value of the configuration, and waits until it runs.</summary>
    public Task EditAsync(string key, string value)
    {
        _layer[key] = value;
        return _host.EditAsync(TestHost.Merged(_layer, "config", _file));
    }

    public async Task<Socket> ConnectAsync(string route)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        var address = _host.Status.Bound.Single(pair => pair.Key.EndsWith($"#{Listen(_routes, route)}", StringComparison.Ordinal)).Value;
        await socket.ConnectAsync(address);
        return socket;
    }

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    /// <summary>Sends a message.</summary>
    /// <returns>As many bytes as were asked for; fewer when the connection ended before, by FIN or RST.</returns>
    public static async Task<byte[]> AskAsync(Socket client, byte[] message, int length)
    {
        await client.SendAsync(message);
        return await ReadAsync(client, length);
    }

    public static async Task<byte[]> ReadAsync(Socket client, int length)
    {
        using var limit = new CancellationTokenSource(Eventually.Limit);
        var buffer = new byte[length];
        var count = 0;
        try
        {
            while (count < length && await client.ReceiveAsync(buffer.AsMemory(count), limit.Token) is var received and > 0)
            {
                count += received;
            }
        }
        catch (SocketException)
        {
            // Reset; what came before it is what there is.
        }

        return buffer[..count];
    }

    // As many zeros as it takes give each route a port of its own.
    private static string Listen(string[] routes, string route) => $"127.0.0.1:{new string('0', 1 + Array.IndexOf(routes, route))}";
}
