using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Proxy.Configuration.Channels;

namespace Proxy.Core.Tests.Channels.Tunnel;

/// <summary>An instance that serves the connector <c>ring</c> to instances B_*, the local server behind it, and the certificate of B_1.</summary>
internal sealed class TunnelBed : IAsyncDisposable
{
    private static int _ids = 11_000;

    private readonly TestAuthority _authority = new();
    private readonly bool _standsStill;

    private TunnelBed(Func<TunnelConfig, TunnelConfig> edit, ManualTime? time)
    {
        _standsStill = time is not null;
        Port = Ports.Free();

        var channel = new ChannelConfig
        {
            Type = ChannelType.Duplex,
            Connector = "ring",
            Mode = DuplexMode.Connect,
            Port = Port,
            Allow = ["B_*"],
            Ready = ReadyCheck.None, // a probe would be a connection too
        };
        var config = ChannelInstance.Configure(_authority, Id, ("ring", channel));
        Instance = ChannelInstance.CreateOn(time, config with { Tunnel = edit(config.Tunnel) });
        Certificate = Issue("B_1");
        Legacy.Bind(new IPEndPoint(Instance.Ip, Port));
    }

    public string Id { get; } = $"A_{Interlocked.Increment(ref _ids)}";

    public int Port { get; }

    /// <summary>The local server; a test says how it listens.</summary>
    public Socket Legacy { get; } = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);

    public X509Certificate2 Certificate { get; }

    public IPEndPoint Address => Instance.Host.TunnelAddress!;

    public ChannelInstance Instance { get; }

    private bool IsSecure => Instance.Config.Tunnel.Url!.StartsWith("https", StringComparison.Ordinal);

    public static async Task<TunnelBed> StartAsync(Func<TunnelConfig, TunnelConfig>? edit = null, ManualTime? time = null)
    {
        var bed = new TunnelBed(edit ?? (static tunnel => tunnel), time);
        await bed.Instance.StartAsync();
        return bed;
    }

    public X509Certificate2 Issue(string instance) => _authority.Create(TestAuthority.Uri(instance));

    public Task<RawHttp2> ConnectAsync() => RawHttp2.ConnectAsync(Address, Certificate);

    /// <summary>Asks for a tunnel; what is null is as it should be.</summary>
    public Task OpenAsync(
        RawHttp2 client,
        string method,
        int stream,
        string? instance = null,
        string connector = "ring",
        int? port = null,
        params (string, string)[] more
    ) =>
        client.RequestAsync(
            stream,
            end: false,
            method == "CONNECT"
                ? [(":method", method), (":authority", $"{instance ?? Id}.{connector}.channel:{port ?? Port}"), .. more]
                :
                [
                    (":method", method),
                    (":scheme", IsSecure ? "https" : "http"),
                    (":authority", "x"),
                    (":path", $"/.channels/v1/open/{connector}"),
                    .. more.Any(static field => field.Item1 == "channel-to")
                        ? Array.Empty<(string, string)>()
                        : [("channel-to", $"iid=\"{instance ?? Id}\"")],
                    ("channel-port", $"{port ?? Port}"),
                    .. more,
                ]
        );

    public async ValueTask DisposeAsync()
    {
        Legacy.Dispose();
        if (_standsStill)
        {
            await Eventually.TrueAsync(() => Instance.Tracker.Count == 0); // else its drain waits for time that does not pass
        }

        await Instance.DisposeAsync();
        Certificate.Dispose();
        _authority.Dispose();
    }
}
