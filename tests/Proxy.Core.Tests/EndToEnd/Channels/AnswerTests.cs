using System.Net;
using System.Net.Sockets;
using Proxy.Channels.Membership;
using Proxy.Configuration.Channels;
using Proxy.Core.Tests.Channels;
using Proxy.Core.Tests.Channels.Tunnel;

namespace Proxy.Core.Tests.EndToEnd.Channels;

/// <summary>What a local client gets for each status a member may answer with: of a service another member, of a ring's member a reset.</summary>
public sealed class AnswerTests : IAsyncLifetime
{
    private static int _ids = 500;

    private readonly TestAuthority _authority = new();
    private FakeMembers _members = null!;
    private ChannelInstance _caller = null!;
    private int _port;

    public async Task InitializeAsync()
    {
        _port = Ports.Free();

        _members = await FakeMembers.StartAsync(_port);
        _members.Come();
        var config = ChannelInstance.Configure(
            _authority,
            $"B_{Interlocked.Increment(ref _ids)}",
            ("db", Channel(ChannelType.Request, "db", _port)),
            ("ring", Channel(ChannelType.Duplex, "ring", _port))
        );
        _caller = new ChannelInstance(
            config with
            {
                Tunnel = config.Tunnel with { Url = $"http://{IPAddress.Loopback}:0" },
                Membership = new() { Members = _members.Configure(2) },
            }
        );
        await _caller.StartAsync();
        await _caller.StateAsync("db", static state => state.Listening);
        await _caller.StateAsync("ring", static state => state.Members.Count(static member => member.State == MemberState.Up) == 2);
    }

    [Theory]
    [InlineData(401)]
    [InlineData(403)]
    [InlineData(404)]
    [InlineData(421)]
    [InlineData(429)]
    [InlineData(500)]
    [InlineData(503)]
    [InlineData(504)]
    public async Task Refused_ByOneMember_RequestTriesAnotherAndDuplexIsReset(int status)
    {
        _members.Status = number => number == 0 ? status : 200;

        using var limit = new CancellationTokenSource(Eventually.Limit);
        while (_members.Refused == 0)
        {
            limit.Token.ThrowIfCancellationRequested(); // which of the two is asked first is chance
            Assert.Equal(("1", false), await AskAsync("db", null));
        }

        Assert.Equal(("", true), await AskAsync("ring", FakeMembers.Id(0)));
        Assert.Equal(("1", false), await AskAsync("ring", FakeMembers.Id(1)));
    }

    [Fact]
    public async Task Refused_ByAll_RequestIsReset()
    {
        _members.Status = static _ => 503;

        Assert.Equal(("", true), await AskAsync("db", null));
        Assert.Equal(2, _members.Refused);
    }

    public async Task DisposeAsync()
    {
        await _caller.DisposeAsync();
        await _members.DisposeAsync();
        _authority.Dispose();
    }

    private static ChannelConfig Channel(ChannelType type, string connector, int port) =>
        new()
        {
            Type = type,
            Connector = connector,
            Port = port,
            Mode = type == ChannelType.Duplex ? DuplexMode.Bind : null,
        };

    private async Task<(string Text, bool Reset)> AskAsync(string channel, string? member)
    {
        var state = _caller.Monitor.Current[channel];
        var ip = member is null ? state.Ip! : state.Members.Single(one => one.Iid == member).Ip;
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await socket.ConnectAsync(new IPEndPoint(IPAddress.Parse(ip), _port));
            socket.Shutdown(SocketShutdown.Send);
            var (bytes, reset) = await socket.ReadToEndAsync();
            return (System.Text.Encoding.ASCII.GetString(bytes), reset);
        }
        catch (SocketException exception) when (exception.SocketErrorCode is SocketError.ConnectionReset or SocketError.NotConnected)
        {
            return ("", true); // so soon that connecting already says so
        }
    }
}
