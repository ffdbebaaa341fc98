using System.Net;
using System.Net.Sockets;
using System.Security.Authentication;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging.Abstractions;
using Proxy.Connections;
using Proxy.Connections.Linux;
using Proxy.Connections.Sockets;
using Proxy.Diagnostics;
using Proxy.Timing;

namespace Proxy.Core.Tests.Tls;

/// <summary>
/// A client and an upstream with a relay between them that runs as in the proxy: accepted, dialed and relayed where the transport's handlers run.
/// </summary>
internal sealed class RelayedPair : IAsyncDisposable
{
    public const string Loops = "loops";
    public const string Portable = "portable";
    public const string Plain = "plain";
    public const string In = "TLS in";
    public const string Out = "TLS out";
    public const string Both = "TLS both";

    private readonly DeadlineClock _clock = new(RunningTime.OfProcess);
    private readonly EventLoopGroup? _loops;
    private readonly string _tls;
    private readonly SslProtocols _version;
    private readonly bool _requiresCloseNotify;
    private readonly RelayOptions _options;
    private readonly TaskCompletionSource<(TcpConnection Client, TcpConnection Upstream, ConnectionRecord Record)> _relaying = new(
        TaskCreationOptions.RunContinuationsAsynchronously
    );

    private RelayedPair(string transport, string tls, SslProtocols version, RelayOptions? options, bool requiresCloseNotify)
    {
        _loops = transport == Loops && OperatingSystem.IsLinux() ? new(1, null, NullLogger.Instance) : null;
        (_tls, _version, _requiresCloseNotify, _options) = (tls, version, requiresCloseNotify, options ?? new());
    }

    /// <summary>All ways in which bytes within TLS are relayed.</summary>
    public static TheoryData<string, string, SslProtocols> Ways { get; } = AllWays();

    public BufferPool Buffers { get; } = new();

    /// <summary>Whether the relay uses pipes, as with connections of others.</summary>
    private bool ThroughPipes { get; init; }

    public TlsPeer Client { get; private set; } = null!;

    public TlsPeer Upstream { get; private set; } = null!;

    /// <summary>Our side of the client.</summary>
    public TcpConnection ClientSide { get; private set; } = null!;

    /// <summary>Our side of the upstream.</summary>
    public TcpConnection UpstreamSide { get; private set; } = null!;

    public ConnectionRecord Record { get; private set; } = null!;

    /// <summary>Completes when both connections are disposed, too.</summary>
    public Task<ConnectionOutcome> Relay { get; private set; } = null!;

    public EventLoop? Loop => _loops?.Loops[0];

    public int Deadlines => _clock.Count + (Loop?.Timers.Count ?? 0);

    public static async Task<RelayedPair> StartAsync(
        string transport,
        string tls,
        SslProtocols version,
        RelayOptions? options = null,
        bool requiresCloseNotify = true,
        bool throughPipes = false
    )
    {
        var pair = new RelayedPair(transport, tls, version, options, requiresCloseNotify) { ThroughPipes = throughPipes };
        await pair.ConnectAsync(static address => ConnectSocketAsync(address), null);
        return pair;
    }

    /// <summary>The same with programs as peers: a client that is started with the address, or a server that listens already; null for our own.</summary>
    public static async Task<RelayedPair> StartWithProgramAsync(
        string transport,
        string tls,
        SslProtocols version,
        Func<EndPoint, Task<Socket?>>? client,
        EndPoint? server = null
    )
    {
        var pair = new RelayedPair(transport, tls, version, null, requiresCloseNotify: true);
        await pair.ConnectAsync(client ?? ConnectSocketAsync, server);
        return pair;
    }

    public async ValueTask DisposeAsync()
    {
        Client?.Dispose();
        Upstream?.Dispose();
        try
        {
            await Relay.WaitAsync(Eventually.Limit);
        }
        catch (InsufficientMemoryException)
        {
            // The test has made it so.
        }

        _clock.Dispose();
        _loops?.Dispose();
    }

    private static async Task<Socket?> ConnectSocketAsync(EndPoint address)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(address);
        return socket;
    }

    private async Task ConnectAsync(Func<EndPoint, Task<Socket?>> connect, EndPoint? other)
    {
        using var server = Loopback.Listen();
        IConnectionListenerFactory listeners = _loops is null
            ? new SocketTransportFactory(Buffers, _clock, TimeProvider.System)
            : new EpollTransportFactory(new(_loops, Buffers));
        IConnectionFactory dialer = _loops is null
            ? new SocketConnectionFactory(Buffers, _clock, TimeProvider.System)
            : new EpollConnectionFactory(new(_loops, Buffers), TimeProvider.System);
        await using var listener = await listeners.BindAsync(new ListenEndPoint(new IPEndPoint(IPAddress.Loopback, 0)));
        (listener as ITunableListener)?.AcceptInline();
        Relay = Task.Run(() => HandleAsync(listener, dialer, other ?? server.LocalEndPoint!));

        if (await connect(listener.EndPoint) is { } socket)
        {
            Client = await TlsPeer.AsClientAsync(socket, _tls is In or Both ? _version : null);
        }

        if (other is null)
        {
            var accepted = await server.AcceptWithinAsync();
            accepted.NoDelay = true;
            Upstream = await TlsPeer.AsServerAsync(accepted, _tls is Out or Both ? _version : null);
        }

        (ClientSide, UpstreamSide, Record) = await _relaying.Task.WaitAsync(Eventually.Limit);
    }

    private async Task<ConnectionOutcome> HandleAsync(IConnectionListener listener, IConnectionFactory dialer, EndPoint server)
    {
        var accepted = (TcpConnection)(await listener.AcceptAsync().ConfigureAwait(false))!;
        var record = new ConnectionRecord(accepted, "test", "", TimeProvider.System);
        record.Attach();
        await using var client = _tls is In or Both
            ? await TlsHandshake.AcceptAsync(accepted, _version, _requiresCloseNotify).ConfigureAwait(false)
            : accepted;
        var dialed = (TcpConnection)await dialer.ConnectAsync(server).ConfigureAwait(false);
        await using var upstream = _tls is Out or Both
            ? await TlsHandshake.ConnectAsync(dialed, _version, _requiresCloseNotify).ConfigureAwait(false)
            : dialed;
        if (ThroughPipes)
        {
            client.Transport = client.Transport;
        }

        _relaying.SetResult((client, upstream, record));
        return await new Relay(_clock).RunAsync(client, upstream, _options, record).ConfigureAwait(false);
    }

    private static TheoryData<string, string, SslProtocols> AllWays()
    {
        var ways = new TheoryData<string, string, SslProtocols>();
        foreach (var transport in (string[])[Portable, Loops])
        {
            foreach (var version in (SslProtocols[])[SslProtocols.Tls12, SslProtocols.Tls13])
            {
                foreach (var tls in (string[])[In, Out, Both])
                {
                    ways.Add(transport, tls, version);
                }
            }
        }

        return ways;
    }
}
