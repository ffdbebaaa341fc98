using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Proxy.Channels;
using Proxy.Channels.Membership;
using Proxy.Configuration.Channels;
using Proxy.Core.Tests.Channels;
using Proxy.Core.Tests.Channels.Tunnel;

namespace Proxy.Core.Tests.EndToEnd.Channels;

/// <summary>
/// Members that answer nothing, as after the loss of their host: no connection ends, and no dial fails. Time stands still but for the half
/// second that a dial is waited for.
/// </summary>
public sealed class LostMemberTests : IAsyncLifetime
{
    private static readonly TimeSpan _patience = TimeSpan.FromMilliseconds(500);

    private readonly TestAuthority _authority = new();
    private readonly ManualTime _time = new();
    private readonly int _port = Ports.Free();
    private readonly List<Socket> _clients = [];
    private FakeMembers _members = null!;
    private ChannelInstance _caller = null!;

    public async Task InitializeAsync()
    {
        var port = _port;
        _members = await FakeMembers.StartAsync(port);
        _members.Come();
        var config = ChannelInstance.Configure(
            _authority,
            "B_410",
            (
                "db",
                new()
                {
                    Type = ChannelType.Request,
                    Connector = "db",
                    Port = port,
                }
            ),
            (
                "ring",
                new()
                {
                    Type = ChannelType.Duplex,
                    Connector = "ring",
                    Mode = DuplexMode.Bind,
                    Port = port,
                }
            )
        );
        _caller = new ChannelInstance(
            config with
            {
                // No dial ends by itself.
                Tunnel = config.Tunnel with
                {
                    Url = $"http://{IPAddress.Loopback}:0",
                    ConnectTimeout = TimeSpan.FromHours(1),
                },
                Notify = new()
                {
                    Debounce = new() { Min = TimeSpan.Zero, Max = TimeSpan.Zero },
                },
            },
            time: _time
        );
        await _caller.StartAsync();
        await UseAsync(0, 1);
        await _caller.StateAsync("ring", static state => state.Members.Count == 2);
        _time.Advance(TimeSpan.FromMilliseconds(123)); // no other timer is due in exactly half a second then
    }

    [Fact]
    public async Task Request_MemberIsLost_AnotherAnswersAfterHalfASecondAndItIsDialedLast()
    {
        var (other, lost) = await LoseLessLoadedAsync();
        var client = await CallAsync();

        await WaitAsync();

        Assert.Equal(other, await AnswerAsync(client));
        await Eventually.TrueAsync(() => _members.Opening == 0); // the attempt at the lost one was given up
        for (var round = 0; round < 10; round++)
        {
            Assert.Equal(other, await AnswerAsync(await CallAsync()));
        }

        Assert.Equal(1, _members.Dialed(lost));
        Assert.Equal(MemberState.Suspect, State(lost));
        _members.Return(lost);
        await Eventually.TrueAsync(() => State(lost) == MemberState.Up);
        Assert.Equal(lost, await AnswerAsync(await CallAsync())); // it has the fewest
    }

    [Fact]
    public async Task Request_LostMemberIsRemovedDuringTheDial_AnotherAnswers()
    {
        var (other, lost) = await LoseLessLoadedAsync();
        var client = await CallAsync();
        await Eventually.TrueAsync(() => _members.Dialed(lost) == 1);

        await UseAsync(other);
        await Eventually.TrueAsync(() => _caller.Host.Members.All.Count == 1);
        await WaitAsync();

        Assert.Equal(other, await AnswerAsync(client));
    }

    [Fact]
    public async Task Request_OnlyASuspectIsLeft_IsDialed()
    {
        var (other, lost) = await LoseLessLoadedAsync();
        var client = await CallAsync();
        await WaitAsync();
        Assert.Equal(other, await AnswerAsync(client));
        await UseAsync(lost);
        await Eventually.TrueAsync(() => _caller.Host.Members.All.Count == 1);

        client = await CallAsync();
        await Eventually.TrueAsync(() => _members.Dialed(lost) == 2);
        _members.Return(lost);

        Assert.Equal(lost, await AnswerAsync(client));
    }

    [Fact]
    public async Task Duplex_MemberIsLost_IsRefusedAtOnceUntilItIsBack()
    {
        _members.Lose(0);
        var first = await CallAsync(0);
        await Eventually.TrueAsync(() => _members.Dialed(0) == 1);
        await WaitAsync();
        await Eventually.TrueAsync(() => State(0) == MemberState.Suspect);

        Assert.True(await Loopback.IsResetAsync(() => CallAsync(0)));
        Assert.Equal(1, _members.Dialed(0));
        Assert.Equal(1, await AnswerAsync(await CallAsync(1)));

        _members.Return(0);
        Assert.Equal(0, await AnswerAsync(first));
        await Eventually.TrueAsync(() => State(0) == MemberState.Up);
        Assert.Equal(0, await AnswerAsync(await CallAsync(0)));
    }

    [Fact]
    public async Task Duplex_ServerIsSlowToAccept_MemberIsNotSuspectForLong()
    {
        _members.Slow(0);
        var first = await CallAsync(0);
        var greeted = _members.Greeted(0);

        await WaitAsync();

        await Eventually.TrueAsync(() => _members.Greeted(0) > greeted && State(0) == MemberState.Up);
        var second = await CallAsync(0);
        await Eventually.TrueAsync(() => _members.Dialed(0) == 2);
        _members.Return(0);
        Assert.Equal(0, await AnswerAsync(first));
        Assert.Equal(0, await AnswerAsync(second));
    }

    public async Task DisposeAsync()
    {
        _members.Return(0);
        _members.Return(1);
        _clients.ForEach(static client => client.Dispose());
        await Eventually.TrueAsync(() => _caller.Tracker.Count == 0);
        await _caller.DisposeAsync();
        await _members.DisposeAsync();
        _authority.Dispose();
    }

    private Task UseAsync(params int[] numbers)
    {
        var members = _members.Configure(2).Where(pair => numbers.Any(number => FakeMembers.Id(number) == pair.Key)).ToDictionary();
        return _caller.UseAsync(_caller.Config with { Membership = new() { Members = members } });
    }

    /// <summary>Loses the member that the next client of the service is given to, since a client of the other one stays.</summary>
    private async Task<(int Other, int Lost)> LoseLessLoadedAsync()
    {
        var other = await AnswerAsync(await CallAsync());
        _members.Lose(1 - other);
        return (other, 1 - other);
    }

    private async Task WaitAsync()
    {
        await _time.WaitForTimerAsync(_patience);
        _time.Advance(_patience);
    }

    private MemberState State(int number) =>
        _caller.Services.GetRequiredService<ChannelRegistry>().Members().Single(member => member.Id == FakeMembers.Id(number)).State;

    private async Task<Socket> CallAsync(int? number = null)
    {
        var state = _caller.Monitor.Current["ring"];
        var ip = number is null
            ? _caller.Monitor.Current["db"].Ip!
            : state.Members.Single(member => member.Iid == FakeMembers.Id(number.Value)).Ip;
        var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        _clients.Add(client);
        await client.ConnectAsync(new IPEndPoint(IPAddress.Parse(ip), _port));
        return client;
    }

    private static async Task<int> AnswerAsync(Socket client) => int.Parse(await client.ReadTextAsync(1), CultureInfo.InvariantCulture);
}
