using System.Net.Sockets;
using System.Text;
using Proxy.Core.Tests.Multiplexing;
using Proxy.Diagnostics;

namespace Proxy.Core.Tests.EndToEnd.Tls;

/// <summary>A proxy with a route "r" to a cluster "c", whose destinations a, b, … it connects within TLS.</summary>
internal sealed class TlsRoute : IAsyncDisposable
{
    private readonly Multiplexer _proxy;

    private TlsRoute(Multiplexer proxy) => _proxy = proxy;

    public LogLines Log { get; private init; } = new();

    /// <param name="transport">Portable or event loops.</param>
    /// <param name="tls">The keys of Tls.</param>
    /// <param name="addresses">The destinations.</param>
    public static Task<TlsRoute> StartAsync(string transport, string tls, params string[] addresses) =>
        StartWithAsync(transport, tls, "", "", addresses);

    /// <param name="transport">Portable or event loops.</param>
    /// <param name="tls">The keys of Tls.</param>
    /// <param name="tcp">Other keys of Tcp.</param>
    /// <param name="route">Other keys of the route.</param>
    /// <param name="addresses">The destinations.</param>
    public static Task<TlsRoute> StartWithAsync(string transport, string tls, string tcp, string route, params string[] addresses) =>
        StartAtAsync(null, transport, tls, tcp, route, addresses);

    /// <param name="time">Time that the test moves; null for time that passes.</param>
    /// <param name="transport">Portable or event loops.</param>
    /// <param name="tls">The keys of Tls.</param>
    /// <param name="tcp">Other keys of Tcp.</param>
    /// <param name="route">Other keys of the route.</param>
    /// <param name="addresses">The destinations.</param>
    public static async Task<TlsRoute> StartAtAsync(
        ManualTime? time,
        string transport,
        string tls,
        string tcp,
        string route,
        params string[] addresses
    )
    {
        var log = new LogLines();
        var started = new TlsRoute(new Multiplexer(transport, time, log: log)) { Log = log };
        await started.EditAsync(tls, tcp, route, addresses);
        return started;
    }

    public T Service<T>()
        where T : notnull => _proxy.Service<T>();

    public Task EditAsync(string tls, string tcp, string route, params string[] addresses) =>
        _proxy.EditAsync(Json(tls, tcp, route, addresses));

    public static string Json(string tls, string tcp, string route, params string[] addresses)
    {
        var destinations = addresses.Select(static (address, i) => $"\"{(char)('a' + i)}\": {{ \"Address\": \"{address}\" }}");
        return $$"""
            { "ReverseProxy": {
                "TcpRoutes": { "r": { "Listen": "127.0.0.1:0", "ClusterId": "c"{{(route.Length > 0 ? ", " + route : "")}} } },
                "Clusters": { "c": {
                  "LoadBalancingPolicy": "FirstAlphabetical",
                  "Tcp": { "ConnectAttempts": {{Math.Max(1, addresses.Length)}}, "Tls": { {{tls}} }{{(tcp.Length > 0 ? ", " + tcp : "")}} },
                  "Destinations": { {{string.Join(", ", destinations)}} } } } } }
            """;
    }

    public async Task<Socket> ConnectAsync()
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(_proxy.Address());
        return socket;
    }

    /// <summary>What comes back to a client that says something and ends.</summary>
    public async Task<string> AskAsync(string text)
    {
        using var client = await ConnectAsync();
        await client.SendAsync(Encoding.ASCII.GetBytes(text));
        client.Shutdown(SocketShutdown.Send);
        var (bytes, reset) = await client.ReadToEndAsync();
        return Encoding.ASCII.GetString(bytes) + (reset ? "(reset)" : "");
    }

    /// <summary>The end of a client that says something and is not served.</summary>
    public async Task<RecentEnd> FailAsync(string text = "secret")
    {
        var before = Service<RecentOutcomes>().Ends.List.Count;
        Assert.True(
            await Loopback.IsResetAsync(async () =>
            {
                var client = await ConnectAsync();
                try
                {
                    await client.SendAsync(Encoding.ASCII.GetBytes(text));
                    return client;
                }
                catch
                {
                    client.Dispose(); // reset before it could say anything
                    throw;
                }
            })
        );
        await Eventually.TrueAsync(() => Service<RecentOutcomes>().Ends.List.Count > before);
        return Service<RecentOutcomes>().Ends.List[0];
    }

    /// <summary>How dials of the first destination failed, and how often.</summary>
    public IReadOnlyList<(FailureReason Reason, long Count)> Failures =>
        [.. Service<RecentOutcomes>().Find("c", "a")!.Failures.Where(static one => one.Count > 0)];

    /// <summary>The line of the log that says why a destination cannot be connected.</summary>
    public string Why => Assert.Single(Log.Lines, static line => line.Contains("cannot be connected", StringComparison.Ordinal));

    public ValueTask DisposeAsync() => _proxy.DisposeAsync();
}
