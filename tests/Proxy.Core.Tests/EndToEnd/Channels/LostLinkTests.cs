using System.Net;
using System.Net.Sockets;
using Proxy.Channels.Membership;
using Proxy.Channels.Monitoring;
using Proxy.Configuration.Channels;
using Proxy.Core.Tests.Channels;
using Proxy.Core.Tests.Channels.Tunnel;
using Proxy.Diagnostics;

namespace Proxy.Core.Tests.EndToEnd.Channels;

/// <summary>What happens when a link between two instances carries nothing any more.</summary>
public sealed class LostLinkTests : IAsyncLifetime
{
    // Within which a ping of a link that is not frozen is answered, however busy the machine is.
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(10);

    private readonly TestAuthority _authority = new();
    private readonly int _port = Ports.Free();
    private ChannelInstance _caller = null!;
    private ChannelInstance _server = null!;
    private Socket _legacy = null!;
    private TestLink _link = null!;

    public Task InitializeAsync() => Task.CompletedTask;

    [Fact]
    public async Task Freeze_AndMend_TunnelIsLostAndTheMemberIsSuspectMeanwhile()
    {
        await StartAsync(_patience);
        using var client = await CallAsync();
        using var served = await _legacy.AcceptWithinAsync();
        var calling = await _caller.ConnectionAsync();
        Assert.Equal(calling.Peeking, calling.Peeking); // it has ended: the connector is known

        _link.Freeze();

        Assert.True((await client.ReadToEndAsync()).Reset);
        await StateAsync(MemberState.Suspect); // until its lease is over
        Assert.True((await served.ReadToEndAsync()).Reset);
        await Eventually.TrueAsync(() => calling.Outcome is not null);
        Assert.Equal(ConnectionOutcome.TunnelLost, calling.Outcome);
        _link.Mend();
        await StateAsync(MemberState.Up);
    }

    [Fact]
    public async Task Freeze_AfterTheServersEnd_OutcomeSaysSo()
    {
        await StartAsync(_patience);
        using var client = await CallAsync();
        using var served = await _legacy.AcceptWithinAsync();
        var calling = await _caller.ConnectionAsync();
        served.Shutdown(SocketShutdown.Send);
        Assert.False((await client.ReadToEndAsync()).Reset);

        _link.Freeze();

        await Eventually.TrueAsync(() => calling.Outcome is not null);
        Assert.Equal(ConnectionOutcome.TunnelLost, calling.Outcome);
    }

    [Fact]
    public async Task Freeze_ForLongerThanALease_MemberIsGone()
    {
        await StartAsync(TimeSpan.FromSeconds(1)); // a link that is lost before it is frozen changes nothing here
        _link.Freeze();

        var state = await _caller.StateAsync("ring", static state => state.Members.Count == 0);

        Assert.Equal([_server.Id], state.Removed);
    }

    public async Task DisposeAsync()
    {
        _link.Dispose();
        _legacy.Dispose();
        await _caller.DisposeAsync();
        await _server.DisposeAsync();
        _authority.Dispose();
    }

    private static Task KnowAsync(ChannelInstance instance, string other, string address) =>
        instance.UseAsync(
            instance.Config with
            {
                Membership = new() { Members = new Dictionary<string, ChannelMemberConfig> { [other] = new() { Address = address } } },
            }
        );

    private async Task StartAsync(TimeSpan pingTimeout)
    {
        _caller = Create("A_31000", DuplexMode.Bind, pingTimeout);
        _server = Create("A_31001", DuplexMode.Connect, pingTimeout);
        _legacy = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        _legacy.Bind(new IPEndPoint(_server.Ip, _port));
        _legacy.Listen();
        await _caller.StartAsync();
        await _server.StartAsync();
        _link = new TestLink(_server.Host.TunnelAddress!);
        await KnowAsync(_caller, _server.Id, _link.Address);
        await KnowAsync(_server, _caller.Id, _caller.Host.TunnelAddress!.ToString());
        await StateAsync(MemberState.Up);
        await Eventually.TrueAsync(() => _server.Host.Members.All.ContainsKey(_caller.Id));
    }

    private ChannelInstance Create(string id, DuplexMode mode, TimeSpan pingTimeout)
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
        var tunnel = config.Tunnel with { PingDelay = TimeSpan.FromSeconds(1), PingTimeout = pingTimeout };
        return new ChannelInstance(config with { Tunnel = tunnel });
    }

    private Task<ChannelState> StateAsync(MemberState wanted) =>
        _caller.StateAsync("ring", state => state.Members is [{ } member] && member.State == wanted);

    private async Task<Socket> CallAsync()
    {
        var member = Assert.Single(_caller.Monitor.Current["ring"].Members);
        var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await client.ConnectAsync(new IPEndPoint(IPAddress.Parse(member.Ip), member.Port));
        return client;
    }
}
