using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Proxy.Channels.Membership;
using Proxy.Channels.Tunnel;
using Proxy.Configuration.Channels;
using Proxy.Connections.Linux;
using Proxy.Core.Tests.Channels;
using Proxy.Core.Tests.Channels.Tunnel;
using Proxy.Diagnostics;

namespace Proxy.Core.Tests.EndToEnd.Channels;

/// <summary>A Duplex channel, with each carriage of tunnels and each transport.</summary>
public abstract class DuplexTests : IAsyncLifetime
{
    private static int _ids = 1000;

    private readonly TestAuthority _authority = new();
    private readonly List<ChannelInstance> _instances = [];
    private readonly string _callerId = $"A_{Interlocked.Add(ref _ids, 2)}";
    private readonly string _serverId;
    private readonly TunnelCarriage _carriage;
    private readonly EventLoopGroup? _loops;
    private Socket _legacy = null!;
    private ChannelInstance _caller = null!;
    private ChannelInstance _server = null!;

    protected IServiceProvider Caller => _caller.Services;

    protected IServiceProvider Server => _server.Services;

    protected Task<Socket> AcceptAsync() => _legacy.AcceptWithinAsync();

    protected DuplexTests(TunnelCarriage carriage, bool onLoops)
    {
        _serverId = $"A_{int.Parse(_callerId[2..], null) + 1}";
        _carriage = carriage;
        _loops = onLoops && OperatingSystem.IsLinux() ? new(1, null, NullLogger.Instance) : null;
    }

    public async Task InitializeAsync()
    {
        var port = Ports.Free();
        _caller = Add(_callerId, ("ring", Ring(DuplexMode.Bind, port)));
        _server = Add(_serverId, ("ring", Ring(DuplexMode.Connect, port)));
        _legacy = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        _legacy.Bind(new IPEndPoint(_server.Ip, port));
        _legacy.Listen();
        await _caller.StartAsync();
        await _server.StartAsync();
        await ChannelInstance.JoinAsync(_caller, _server);
        await _caller.StateAsync("ring", static state => state.Members.Count == 1);
        await Eventually.TrueAsync(() => _server.Host.Members.All.ContainsKey(_callerId)); // whom it does not know, it does not let in
    }

    [Fact]
    public async Task Call_Member_ReachesItsServerFromTheCallersAddress()
    {
        using var client = await CallAsync();
        using var served = await _legacy.AcceptWithinAsync();

        Assert.Equal(_caller.Ip, ((IPEndPoint)served.RemoteEndPoint!).Address);
        await EchoAsync(client, served, "there");
        await EchoAsync(served, client, "and back");
    }

    [Fact]
    public async Task Call_Member_IsCarriedAsConfigured()
    {
        using var client = await CallAsync();
        using var served = await _legacy.AcceptWithinAsync();
        await EchoAsync(client, served, "there");
        var connections = _caller.Services.GetRequiredService<TunnelConnectionFactory>().Connections;

        var expected = _carriage == TunnelCarriage.Connection ? 1 : 0;
        await Eventually.TrueAsync(() => (connections?.Open ?? 0) - (connections?.Ready ?? 0) == expected);
    }

    [Fact]
    public async Task Call_ServerSpeaksFirst_IsHeard()
    {
        using var client = await CallAsync();
        using var served = await _legacy.AcceptWithinAsync();

        await EchoAsync(served, client, "greeting");
    }

    [Fact]
    public async Task Call_BytesAndEndBeforeTheServerAccepts_AllArrive()
    {
        using var client = await CallAsync();
        await client.SendAsync(new byte[300_000]);
        client.Shutdown(SocketShutdown.Send);

        using var served = await _legacy.AcceptWithinAsync();
        var (bytes, reset) = await served.ReadToEndAsync();

        Assert.Equal((300_000, false), (bytes.Length, reset));
    }

    [Fact]
    public async Task Call_ClientEnds_OtherDirectionGoesOn()
    {
        using var client = await CallAsync();
        using var served = await _legacy.AcceptWithinAsync();
        client.Shutdown(SocketShutdown.Send);
        Assert.Equal((0, false), Shape(await served.ReadToEndAsync()));

        await served.SendAsync(new byte[200_000]);
        served.Shutdown(SocketShutdown.Send);

        Assert.Equal((200_000, false), Shape(await client.ReadToEndAsync()));
        await Eventually.TrueAsync(() => _caller.Tracker.Count == 0 && _server.Tracker.Count == 0);
    }

    [Fact]
    public async Task Call_ServerEnds_OtherDirectionGoesOn()
    {
        using var client = await CallAsync();
        using var served = await _legacy.AcceptWithinAsync();
        served.Shutdown(SocketShutdown.Send);
        Assert.Equal((0, false), Shape(await client.ReadToEndAsync()));

        await client.SendAsync(new byte[200_000]);
        client.Shutdown(SocketShutdown.Send);

        Assert.Equal((200_000, false), Shape(await served.ReadToEndAsync()));
        await Eventually.TrueAsync(() => _caller.Tracker.Count == 0 && _server.Tracker.Count == 0);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Call_ClientResets_ServerIsReset(bool afterTheServersEnd)
    {
        var client = await CallAsync();
        using var served = await _legacy.AcceptWithinAsync();
        var (calling, serving) = (await _caller.ConnectionAsync(), await _server.ConnectionAsync());
        if (afterTheServersEnd)
        {
            served.Shutdown(SocketShutdown.Send);
            Assert.Equal((0, false), Shape(await client.ReadToEndAsync()));
        }

        client.Close(0);

        Assert.Equal((0, true), Shape(await served.ReadToEndAsync()));
        await Eventually.TrueAsync(() => serving.Outcome is not null && calling.Outcome is not null);
        Assert.Equal((ConnectionOutcome.ClientReset, ConnectionOutcome.ClientReset), (calling.Outcome, serving.Outcome));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Call_ServerResets_ClientIsReset(bool afterTheClientsEnd)
    {
        using var client = await CallAsync();
        var served = await _legacy.AcceptWithinAsync();
        var (calling, serving) = (await _caller.ConnectionAsync(), await _server.ConnectionAsync());
        if (afterTheClientsEnd)
        {
            client.Shutdown(SocketShutdown.Send);
            Assert.Equal((0, false), Shape(await served.ReadToEndAsync()));
        }

        served.Close(0);

        Assert.Equal((0, true), Shape(await client.ReadToEndAsync()));
        await Eventually.TrueAsync(() => serving.Outcome is not null && calling.Outcome is not null);
        Assert.Equal((ConnectionOutcome.UpstreamReset, ConnectionOutcome.UpstreamReset), (calling.Outcome, serving.Outcome));
    }

    [Fact]
    public async Task Call_ServerIsDown_ClientIsReset()
    {
        _legacy.Close();

        Assert.True(await IsResetAsync());
    }

    [Fact]
    public async Task Allow_TurnedWhileOpen_TunnelIsResetAndNextRefused()
    {
        using var client = await CallAsync();
        using var served = await _legacy.AcceptWithinAsync();
        var serving = await _server.ConnectionAsync();

        await _server.UseAsync(
            _server.Config with
            {
                Items = _server.Config.Items.ToDictionary(static item => item.Key, static item => item.Value with { Allow = ["B_*"] }),
            }
        );

        Assert.True((await client.ReadToEndAsync()).Reset);
        Assert.True((await served.ReadToEndAsync()).Reset);
        Assert.Equal(ConnectionOutcome.Denied, serving.Outcome);
        Assert.True(await IsResetAsync());
    }

    [Theory]
    [InlineData(null)]
    [InlineData("A_*")]
    public async Task Members_CallerIsTakenAway_MayCallWhereAllowNamesIt(string? allow)
    {
        await _server.UseAsync(
            _server.Config with
            {
                Items = _server.Config.Items.ToDictionary(
                    static item => item.Key,
                    item => item.Value with { Allow = allow is null ? null : [allow] }
                ),
                Membership = new(),
            }
        );
        await Eventually.TrueAsync(() => _server.Host.Members.All.Count == 0);
        if (allow is null)
        {
            Assert.True(await IsResetAsync());
            return;
        }

        using var client = await CallAsync();
        using var served = await _legacy.AcceptWithinAsync();
        await EchoAsync(client, served, "there");
    }

    [Fact]
    public async Task Call_IdentityThatDiffersInCaseFromAMember_403()
    {
        using var certificate = _authority.Create(TestAuthority.Uri(_callerId.ToLowerInvariant()));
        await using var client = await RawHttp2.ConnectAsync(_server.Host.TunnelAddress!, certificate);

        await client.RequestAsync(
            1,
            false,
            (":method", "POST"),
            (":scheme", "https"),
            (":authority", "x"),
            (":path", "/.channels/v1/open/ring")
        );

        Assert.Equal("403", await client.StatusAsync(1));
    }

    [Fact]
    public async Task Call_OneTunnelStalls_OthersFlow()
    {
        using var stalled = await CallAsync();
        using var silent = await _legacy.AcceptWithinAsync();
        await _caller.ConnectionAsync(); // a member that is slow to answer is suspect until then, and takes no other client
        var stuck = stalled.SendAsync(new byte[64 * 1024 * 1024]); // nobody reads it

        using var client = await CallAsync();
        using var served = await _legacy.AcceptWithinAsync();
        var sending = client.SendAsync(new byte[8 * 1024 * 1024]);
        await ReadExactlyAsync(served, 8 * 1024 * 1024);
        await sending;
        Assert.False(stuck.IsCompleted);

        await ReadExactlyAsync(silent, 64 * 1024 * 1024);
        await stuck;
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Trust_TakenBackWhileATunnelIsOpen_ItIsCut(bool byTheCaller)
    {
        using var client = await CallAsync();
        using var served = await _legacy.AcceptWithinAsync();
        await EchoAsync(client, served, "there");
        using var other = new TestAuthority();

        var distrustful = byTheCaller ? _caller : _server;
        var bundle = distrustful.Config.Tunnel.TrustBundle!;
        File.Copy(other.Bundle, $"{bundle}.new");
        File.Move($"{bundle}.new", bundle, overwrite: true); // a copy would find it locked while the program reads it

        Assert.Equal((0, true), Shape(await client.ReadToEndAsync()));
        Assert.Equal((0, true), Shape(await served.ReadToEndAsync()));
    }

    public async Task DisposeAsync()
    {
        _legacy.Dispose();
        foreach (var instance in _instances)
        {
            foreach (var record in instance.Tracker.Open)
            {
                record.Close(ConnectionOutcome.ClosedByAdmin);
            }
        }

        foreach (var instance in _instances)
        {
            await instance.DisposeAsync();
        }

        _authority.Dispose();
        _loops?.Dispose();
    }

    private async Task<bool> IsResetAsync()
    {
        try
        {
            using var next = await CallAsync();
            return (await next.ReadToEndAsync()).Reset;
        }
        catch (SocketException exception) when (exception.SocketErrorCode == SocketError.ConnectionReset)
        {
            return true; // so soon that connecting already says so
        }
    }

    private static ChannelConfig Ring(DuplexMode mode, int port) =>
        new()
        {
            Type = ChannelType.Duplex,
            Connector = "ring",
            Mode = mode,
            Port = port,
            Ready = ReadyCheck.None, // a probe would be a connection too
        };

    private static (int Length, bool Reset) Shape((byte[] Bytes, bool Reset) end) => (end.Bytes.Length, end.Reset);

    private static async Task EchoAsync(Socket from, Socket to, string text)
    {
        await from.SendAsync(System.Text.Encoding.ASCII.GetBytes(text));
        Assert.Equal(text, await to.ReadTextAsync(text.Length));
    }

    protected static async Task ReadExactlyAsync(Socket socket, int count, Action? read = null)
    {
        using var limit = new CancellationTokenSource(Eventually.Limit);
        var buffer = new byte[65536];
        while (count > 0)
        {
            var length = await socket.ReceiveAsync(buffer, limit.Token);
            Assert.NotEqual(0, length);
            count -= length;
            read?.Invoke();
        }
    }

    private ChannelInstance Add(string id, params (string Name, ChannelConfig Channel)[] items)
    {
        var config = ChannelInstance.Configure(_authority, id, items);
        var instance = new ChannelInstance(config with { Tunnel = config.Tunnel with { Carriage = _carriage } }, loops: _loops);
        _instances.Add(instance);
        return instance;
    }

    protected async Task<Socket> CallAsync()
    {
        var member = _caller.Monitor.Current["ring"].Members.SingleOrDefault() ?? throw new InvalidOperationException("No member.");
        Assert.Equal((_serverId, MemberState.Up), (member.Iid, member.State));
        var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await client.ConnectAsync(new IPEndPoint(IPAddress.Parse(member.Ip), member.Port));
        return client;
    }
}
