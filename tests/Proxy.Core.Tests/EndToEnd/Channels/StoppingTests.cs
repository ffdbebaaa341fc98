using System.Net;
using System.Net.Sockets;
using Proxy.Channels.Membership;
using Proxy.Configuration.Channels;
using Proxy.Core.Tests.Channels;
using Proxy.Core.Tests.Channels.Tunnel;
using Proxy.Diagnostics;

namespace Proxy.Core.Tests.EndToEnd.Channels;

/// <summary>An instance that stops: what its local clients, its peers and its open tunnels see of it.</summary>
public sealed class StoppingTests : IAsyncLifetime
{
    private static readonly TimeSpan _glance = TimeSpan.FromMilliseconds(50); // after which a drain looks for open tunnels again

    private readonly TestAuthority _authority = new();
    private readonly ManualTime _time = new();
    private readonly int _port = Ports.Free();
    private ChannelInstance _caller = null!;
    private ChannelInstance _server = null!;
    private Socket _legacy = null!;

    public Task InitializeAsync() => Task.CompletedTask;

    [Fact]
    public async Task Stop_CallerHasAnOpenTunnel_LocalClientsAreRefusedOnceTheyWereTold()
    {
        await StartAsync(TimeSpan.FromMinutes(1), callersTime: _time); // the last notification has a limit, which never comes
        var (client, served) = await CallAsync();
        var closed = new TaskCompletionSource();
        _caller.Monitor.Closed += (_, _) => closed.TrySetResult();
        var address = Address();

        var stopping = _caller.StopAsync();
        await Eventually.TrueAsync(() => !Listens(address));

        Assert.Empty(_caller.Monitor.Current); // and so its end was told: it does not listen
        await Eventually.TrueAsync(() => _server.Host.Members.All[_caller.Id].State == MemberState.Draining);
        await _caller.ReconciledAsync(_server);
        Assert.False(Listens(address));
        await EchoAsync(client, served);
        await EchoAsync(served, client);
        await _time.WaitForTimerAsync(_glance);
        Assert.False(closed.Task.IsCompleted);

        await EndAsync(client, served);
        await Eventually.TrueAsync(() => _caller.Tracker.Count == 0);
        _time.Advance(_glance);
        await stopping.WaitAsync(Eventually.Limit);
        Assert.True(closed.Task.IsCompleted);
    }

    [Fact]
    public async Task Stop_ServerHasAnOpenTunnel_ItIsDrainingUntilThatHasEnded()
    {
        await StartAsync(TimeSpan.FromMinutes(1), serversTime: _time);
        var (client, served) = await CallAsync();
        var (calling, serving) = (await _caller.ConnectionAsync(), await _server.ConnectionAsync());

        var stopping = _server.StopAsync();
        await _caller.StateAsync("ring", static state => state.Members is [{ State: MemberState.Draining }]);
        await EchoAsync(client, served);
        await EchoAsync(served, client);
        await _time.WaitForTimerAsync(_glance);
        Assert.False(stopping.IsCompleted);

        await EndAsync(client, served);
        // The caller cuts what is open to a member that has left, and the server leaves once it has looked again.
        await Eventually.TrueAsync(() => _caller.Tracker.Count == 0 && _server.Tracker.Count == 0);
        _time.Advance(_glance);
        await _caller.StateAsync("ring", static state => state.Members.Count == 0);
        await stopping.WaitAsync(Eventually.Limit);
        Assert.Equal((ConnectionOutcome.Completed, ConnectionOutcome.Completed), (calling.Outcome, serving.Outcome));
    }

    [Fact]
    public async Task Stop_ServerIsDraining_NewTunnelsAreRefused()
    {
        await StartAsync(TimeSpan.FromMinutes(1));
        var (client, served) = await CallAsync();

        var stopping = _server.StopAsync();
        await Eventually.TrueAsync(() => !Listens(_server.Host.TunnelAddress!));

        Assert.True(await Loopback.IsResetAsync(ConnectAsync));
        await EchoAsync(client, served);
        await EndAsync(client, served);
        await stopping.WaitAsync(Eventually.Limit);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Stop_TunnelOutlastsTheDrain_IsReset(bool byTheCaller)
    {
        await StartAsync(TimeSpan.Zero);
        var (client, served) = await CallAsync();
        var stopper = byTheCaller ? _caller : _server;
        var record = await stopper.ConnectionAsync();

        await stopper.StopAsync().WaitAsync(Eventually.Limit);

        Assert.True((await client.ReadToEndAsync()).Reset);
        Assert.True((await served.ReadToEndAsync()).Reset);
        Assert.Equal(ConnectionOutcome.Drained, record.Outcome);
    }

    public async Task DisposeAsync()
    {
        foreach (var record in _caller.Tracker.Open.Concat(_server.Tracker.Open))
        {
            record.Close(ConnectionOutcome.ClosedByAdmin);
        }

        // A drain on a clock that stands still would wait for ever.
        await Eventually.TrueAsync(() => _caller.Tracker.Count == 0 && _server.Tracker.Count == 0);
        await _caller.DisposeAsync();
        await _server.DisposeAsync();
        _legacy.Dispose();
        _authority.Dispose();
    }

    private static async Task EchoAsync(Socket from, Socket to)
    {
        await from.SendAsync("still"u8.ToArray());
        Assert.Equal("still", await to.ReadTextAsync(5));
    }

    private static async Task EndAsync(Socket client, Socket served)
    {
        client.Shutdown(SocketShutdown.Send);
        Assert.False((await served.ReadToEndAsync()).Reset);
        served.Shutdown(SocketShutdown.Send);
        Assert.False((await client.ReadToEndAsync()).Reset);
    }

    private static bool Listens(IPEndPoint address)
    {
        using var probe = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            probe.Connect(address);
            probe.Close(0); // an end alone would leave a tunnel open
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private async Task StartAsync(TimeSpan drain, ManualTime? callersTime = null, ManualTime? serversTime = null)
    {
        _caller = Create("A_32000", DuplexMode.Bind, drain, callersTime);
        _server = Create("A_32001", DuplexMode.Connect, drain, serversTime);
        _legacy = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        _legacy.Bind(new IPEndPoint(_server.Ip, _port));
        _legacy.Listen();
        await _caller.StartAsync();
        await _server.StartAsync();
        await ChannelInstance.JoinAsync(_caller, _server);
        await _caller.StateAsync("ring", static state => state.Members is [{ State: MemberState.Up }]);
        await Eventually.TrueAsync(() => _server.Host.Members.All.ContainsKey(_caller.Id));
    }

    private ChannelInstance Create(string id, DuplexMode mode, TimeSpan drain, ManualTime? time)
    {
        var ring = new ChannelConfig
        {
            Type = ChannelType.Duplex,
            Connector = "ring",
            Mode = mode,
            Port = _port,
            Ready = ReadyCheck.None,
        };
        var config = ChannelInstance.Configure(_authority, id, ("ring", ring));
        return ChannelInstance.CreateOn(time, config with { Tunnel = config.Tunnel with { DrainTimeout = drain } });
    }

    private IPEndPoint Address()
    {
        var member = Assert.Single(_caller.Monitor.Current["ring"].Members);
        return new IPEndPoint(IPAddress.Parse(member.Ip), member.Port);
    }

    private async Task<Socket> ConnectAsync()
    {
        var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await client.ConnectAsync(Address());
        return client;
    }

    private async Task<(Socket Client, Socket Served)> CallAsync() => (await ConnectAsync(), await _legacy.AcceptWithinAsync());
}
