using System.Collections.Concurrent;
using System.Net;
using Proxy.Channels.Membership;
using Proxy.Channels.Tunnel;
using Proxy.Configuration.Channels;
using Proxy.Limits;

namespace Proxy.Core.Tests.Channels.Membership;

/// <summary>What becomes of members whose streams are lost, with real streams and the time of the test.</summary>
public sealed class HelloMembershipTests : IAsyncLifetime
{
    private static readonly TimeSpan _step = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan _hold = TimeSpan.FromSeconds(30);
    private static readonly MemberRecord _self = new("A_0", "epoch", "127.0.0.1:1", IPAddress.Parse("127.0.0.2"));

    private readonly ManualTime _time = new();
    private readonly TunnelConnectionFactory _tunnels = new(
        new() { ConnectTimeout = HelloPeer.Patience, PingTimeout = HelloPeer.Patience },
        null,
        _self.Id,
        new(ByteBudget.OfProcess(), TimeProvider.System)
    );
    private readonly MemberDirectory _members = new(_self.Id);
    private readonly List<HelloPeer> _peers = [];
    private readonly ConcurrentQueue<MembershipUpdate> _updates = new();
    private readonly CancellationTokenSource _ending = new();
    private readonly LogLines _log = new();
    private HelloMembership _membership = null!;
    private Task _reading = Task.CompletedTask;

    public Task InitializeAsync()
    {
        _membership = new(new(), new HelloReader(_tunnels, _time), static _ => Task.FromResult<IPAddress[]>([]), _time, _log);
        _membership.Join(_self);
        _reading = ReadAsync(_membership);
        return Task.CompletedTask;
    }

    [Fact]
    public async Task Break_MemberThatWasSilentForLong_IsSuspectAndGoneOnlyAfterItsLease()
    {
        await StartAsync(1);
        _time.Advance(TimeSpan.FromMinutes(1));

        var broken = _time.GetTimestamp();
        _peers[0].Break();

        await Eventually.TrueAsync(() => States() != "A_1:Up");
        Assert.Equal("A_1:Suspect", States());
        await PassAsync(() => States().Length == 0);
        Assert.True(_time.GetElapsedTime(broken) >= HelloWatch.Lease);
    }

    [Fact]
    public async Task Break_AllAtOnceAfterALongSilence_AreHeldAndThenGoTogether()
    {
        await StartAsync(5);
        _time.Advance(TimeSpan.FromMinutes(1));

        var broken = _time.GetTimestamp();
        _peers.ForEach(static peer => peer.Break());

        await Eventually.TrueAsync(() => !States().Contains("Up", StringComparison.Ordinal));
        await PassAsync(() => _time.GetElapsedTime(broken) > HelloWatch.Lease * 2);
        Assert.Equal("A_1:Suspect A_2:Suspect A_3:Suspect A_4:Suspect A_5:Suspect", States());
        await PassAsync(() => States().Length == 0);
        Assert.True(_time.GetElapsedTime(broken) >= _hold);
    }

    [Fact]
    public async Task Use_AddressEditedToWhereNobodyIs_MemberIsGoneAfterItsLease()
    {
        await StartAsync(1);
        using var nowhere = Loopback.Reserve();

        await UseAsync(("A_1", nowhere.LocalEndPoint!.ToString()!));

        await Eventually.TrueAsync(() => States() == "A_1:Suspect");
        Assert.Equal(nowhere.LocalEndPoint!.ToString(), _members.Current.All["A_1"].Address);
        await PassAsync(() => States().Length == 0);
    }

    [Fact]
    public async Task Use_ConnectorsEdited_MemberStaysUp()
    {
        await StartAsync(1);

        await _membership.ApplyAsync(
            new()
            {
                Members = new Dictionary<string, ChannelMemberConfig>
                {
                    ["A_1"] = new() { Address = _peers[0].Address, Connectors = [] },
                },
            }
        );
        await _membership.ApplyAsync(Config([("A_1", _peers[0].Address), ("A_2", (await AddAsync("A_2")).Address)]));

        await Eventually.TrueAsync(() => States() == "A_1:Up A_2:Up");
        Assert.DoesNotContain(_updates, static update => update is MembershipUpdate.Gone);
    }

    [Fact]
    public async Task Read_SomeAnswerAndSomeDoNot_FirstAreAllWhoDo()
    {
        var (one, two) = (await AddAsync("A_1"), await AddAsync("A_2"));
        using var nowhere = Loopback.Reserve();

        await UseAsync(("A_1", one.Address), ("A_2", two.Address), ("A_3", nowhere.LocalEndPoint!.ToString()!));

        Assert.Equal(["A_1", "A_2"], await FirstAsync());
    }

    [Fact]
    public async Task Read_OneIsSilent_TheFirstSetIsNotWaitedForForever()
    {
        var one = await AddAsync("A_1");
        using var silent = Loopback.Listen();

        await UseAsync(("A_1", one.Address), ("A_2", silent.LocalEndPoint!.ToString()!));
        using var asked = await silent.AcceptWithinAsync();
        Assert.Empty(_updates);

        await PassAsync(() => !_updates.IsEmpty);
        Assert.IsType<MembershipUpdate.Full>(_updates.First());
        await PassAsync(() => States() == "A_1:Up");
    }

    [Fact]
    public async Task Read_OneSaysMoreThanIsRead_WhyItIsNoMemberIsLogged()
    {
        var peer = await AddAsync("A_1");
        peer.Say("A_1", [.. Enumerable.Range(0, 257).Select(static n => new MemberConnector($"c{n}", false, false, []))]);

        await UseAsync(("A_1", peer.Address));
        await Eventually.TrueAsync(() => _log.Lines.Count > 0);
        await PassAsync(() => peer.Asked > 2);

        Assert.Equal(
            $"The instance at {peer.Address} is refused as a member, and is tried again: its hello line is malformed.",
            Assert.Single(_log.Lines)
        );
    }

    public async Task DisposeAsync()
    {
        await _ending.CancelAsync();
        await _reading;
        await _membership.DisposeAsync();
        foreach (var peer in _peers)
        {
            await peer.DisposeAsync();
        }

        _tunnels.Dispose();
        _ending.Dispose();
    }

    private static MembershipConfig Config(IEnumerable<(string Id, string Address)> members) =>
        new() { Members = members.ToDictionary(static one => one.Id, static one => new ChannelMemberConfig { Address = one.Address }) };

    private async Task<HelloPeer> AddAsync(string id)
    {
        var peer = await HelloPeer.StartAsync(id);
        _peers.Add(peer);
        return peer;
    }

    private Task UseAsync(params (string Id, string Address)[] members) => _membership.ApplyAsync(Config(members));

    private async Task StartAsync(int count)
    {
        foreach (var number in Enumerable.Range(1, count))
        {
            await AddAsync($"A_{number}");
        }

        await _membership.ApplyAsync(Config(_peers.Select(static (peer, index) => ($"A_{index + 1}", peer.Address))));
        await Eventually.TrueAsync(() => _members.Current.All.Values.Count(static one => one.State == MemberState.Up) == count);
    }

    private async Task<IEnumerable<string>> FirstAsync()
    {
        await Eventually.TrueAsync(() => !_updates.IsEmpty);
        return Assert
            .IsType<MembershipUpdate.Full>(_updates.First())
            .Members.Select(static member => member.Id)
            .Order(StringComparer.Ordinal);
    }

    private async Task ReadAsync(IMembershipSession session)
    {
        var reader = new HelloReader(_tunnels, _time);
        var guarded = new GuardedMembership(session, static () => [], static () => new() { Hold = _hold }, reader.AskAsync, _time);
        try
        {
            await foreach (var update in guarded.ReadAsync(_ending.Token))
            {
                _updates.Enqueue(update);
                _members.Apply(update);
            }
        }
        catch (OperationCanceledException) { }
    }

    /// <summary>Lets time pass until something is a fact.</summary>
    private async Task PassAsync(Func<bool> fact)
    {
        await Eventually.TrueAsync(() =>
        {
            _time.Advance(_step);
            return fact();
        });
    }

    private string States() =>
        string.Join(
            ' ',
            _members
                .Current.All.Values.OrderBy(static member => member.Id, StringComparer.Ordinal)
                .Select(static member => $"{member.Id}:{member.State}")
        );
}
