using System.Net;
using System.Net.Sockets;
using Proxy.Channels.Membership;
using Proxy.Channels.Monitoring;
using Proxy.Configuration.Channels;
using Proxy.Core.Tests.Channels;
using Proxy.Core.Tests.Channels.Tunnel;
using Proxy.Diagnostics;

namespace Proxy.Core.Tests.EndToEnd.Channels;

/// <summary>The local addresses of members: bound before they are told, kept while they are, and whose they are.</summary>
public sealed class MemberAddressTests : IAsyncLifetime
{
    private readonly TestAuthority _authority = new();
    private readonly int _port = Ports.Free();
    private readonly List<ChannelInstance> _instances = [];

    public Task InitializeAsync() => Task.CompletedTask;

    [Fact]
    public async Task Start_MemberIsUp_ItsAddressIsToldWithReady()
    {
        var server = await StartAsync("A_33001");
        using var nowhere = Loopback.Reserve();
        var members = Members((server.Id, Tunnel(server)), ("A_33002", nowhere.LocalEndPoint!.ToString()!));
        var caller = Add("A_33000", members, time: new ManualTime()); // its first set of members has a limit, which never comes
        var ready = new TaskCompletionSource<ChannelState>();
        caller.Monitor.Ready += (_, _) => ready.TrySetResult(caller.Monitor.Current["ring"]);

        await caller.StartAsync();

        var state = await ready.Task.WaitAsync(Eventually.Limit);
        Assert.Equal([(server.Id, MemberState.Up)], state.Members.Select(static member => (member.Iid, member.State)));
    }

    [Fact]
    public async Task Edit_MemberIsTakenOutAndPutBackBeforeThatIsTold_ItsListenerStays()
    {
        var (caller, server) = (await StartAsync("A_33010"), await StartAsync("A_33011"));
        await ChannelInstance.JoinAsync(caller, server);
        await caller.StateAsync("ring", static state => state.Members.Count == 1);
        var config = caller.Config with
        {
            Notify = new()
            {
                Debounce = new() { Min = TimeSpan.FromSeconds(3), Max = TimeSpan.FromMinutes(1) },
            },
        };

        await caller.UseAsync(config with { Membership = new() });
        await Eventually.TrueAsync(() => caller.Host.Members.All.IsEmpty);
        await caller.ReconciledAsync(server);
        await caller.UseAsync(caller.Config with { Membership = config.Membership });
        await Eventually.TrueAsync(() => caller.Host.Members.All.ContainsKey(server.Id));
        await caller.ReconciledAsync(server);

        Assert.Empty(caller.Errors);
    }

    [Fact]
    public async Task Edit_ChannelIsRenamed_TheNewOneHasItsListener()
    {
        var (caller, server) = (await StartAsync("A_33020"), await StartAsync("A_33021"));
        await ChannelInstance.JoinAsync(caller, server);
        await caller.StateAsync("ring", static state => state.Members.Count == 1);

        await caller.UseAsync(caller.Config with { Items = new Dictionary<string, ChannelConfig> { ["circle"] = Ring() } });

        await caller.StateAsync("circle", static state => state.Members.Count == 1);
        Assert.Empty(caller.Errors);
    }

    [Fact]
    public async Task ModePort_NewMember_IsBoundOnce()
    {
        var port = new LoopbackConfig { Mode = LoopbackMode.Port };
        var (caller, server) = (await StartAsync("A_33030", port), await StartAsync("A_33031", port));
        await ChannelInstance.JoinAsync(caller, server);
        var before = await caller.StateAsync("ring", static state => state.Members.Count == 1);

        await caller.ReconciledAsync(server);

        Assert.Empty(caller.Errors);
        await caller.ReconciledAsync(server);
        Assert.Equal(before.Members[0].Port, caller.Monitor.Current["ring"].Members.SingleOrDefault()?.Port);
        using var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await client.ConnectAsync(IPAddress.Parse(before.Members[0].Ip), before.Members[0].Port);
        }
        catch (SocketException exception)
        {
            Assert.Equal(SocketError.ConnectionReset, exception.SocketErrorCode); // nobody is behind it; refused it must not be
        }
    }

    [Fact]
    public async Task Edit_AddressOfAMember_NextCallReachesTheOneThere()
    {
        var (caller, first, second) = (await StartAsync("A_33040"), await StartAsync("A_33041"), await StartAsync("A_33041"));
        using var legacy = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        legacy.Bind(new IPEndPoint(first.Ip, _port));
        legacy.Listen();
        await ChannelInstance.JoinAsync(caller, first);
        var before = await caller.StateAsync("ring", static state => state.Members is [{ State: MemberState.Up }]);
        await Eventually.TrueAsync(() => first.Host.Members.All.ContainsKey(caller.Id));
        using var old = await CallAsync(caller);
        using var oldServed = await legacy.AcceptWithinAsync();

        await ChannelInstance.JoinAsync(caller, second);
        await caller.StateAsync("ring", state => state.Members is [{ State: MemberState.Up } one] && one.Epoch != before.Members[0].Epoch);
        await Eventually.TrueAsync(() => second.Host.Members.All.ContainsKey(caller.Id));
        using var client = await CallAsync(caller);
        using var served = await legacy.AcceptWithinAsync();

        Assert.Equal((1, 1), (first.Tracker.Count, second.Tracker.Count));
    }

    [Fact]
    public async Task Conflict_BothCall_OnlyWhoKeepsTheAddressIsServedFromIt()
    {
        var (keeper, server) = (await StartAsync("A_33050"), await StartAsync("A_33051"));
        var loser = await StartAsync("B_33050", new() { Network = "127.101.0.0/16" });
        using var legacy = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        legacy.Bind(new IPEndPoint(server.Ip, _port));
        legacy.Listen();
        await ChannelInstance.JoinAsync(keeper, server, loser);
        await keeper.StateAsync("ring", static state => state.Members is [{ State: MemberState.Up }]);
        await loser.StateAsync("ring", state => state.Members is [{ State: MemberState.Up } one] && one.Iid == server.Id);
        await Eventually.TrueAsync(() => server.Host.Members.Known.ContainsKey(loser.Id) && server.Host.Members.All.ContainsKey(keeper.Id));

        Assert.True(await Loopback.IsResetAsync(() => CallAsync(loser)));
        using var client = await CallAsync(keeper);
        using var served = await legacy.AcceptWithinAsync();

        Assert.Equal(keeper.Ip, ((IPEndPoint)served.RemoteEndPoint!).Address);
        ChannelInstance[] all = [keeper, server, loser];
        await Eventually.TrueAsync(() => all.All(static one => one.Errors.Count > 0));
        Assert.All(all, static one => Assert.Contains("'A_33050' keeps it", Assert.Single(one.Errors), StringComparison.Ordinal));
    }

    [Fact]
    public async Task Conflict_OwnInstanceLoses_NothingIsBoundAtItsOwnAddress()
    {
        var (keeper, server) = (await StartAsync("A_33061", new() { Network = "127.102.0.0/16" }), await StartAsync("A_33062"));
        var loser = await StartAsync("B_33061", new() { Network = "127.103.0.0/16" }, DuplexMode.Both);
        await ChannelInstance.JoinAsync(keeper, server, loser);
        await Eventually.TrueAsync(() => loser.Host.Members.Known.ContainsKey(keeper.Id));

        await loser.StateAsync("ring", state => state.Members is [{ } one] && one.Iid == server.Id);
        await loser.ReconciledAsync(server);

        Assert.Equal([server.Id], loser.Host.Members.All.Keys);
        Assert.Equal([server.Id], loser.Monitor.Current["ring"].Members.Select(static member => member.Iid));
    }

    [Fact]
    public async Task ModesDiffer_OtherInstance_IsRefusedAndTold()
    {
        var (caller, server) = (await StartAsync("A_33070"), await StartAsync("A_33071", new() { Mode = LoopbackMode.Port }));
        await ChannelInstance.JoinAsync(caller, server);

        await Eventually.TrueAsync(() => caller.Errors.Count > 0 && server.Errors.Count > 0);

        Assert.All(caller.Errors.Concat(server.Errors), static error => Assert.Contains("Loopback:Mode", error, StringComparison.Ordinal));
        Assert.Empty(caller.Monitor.Current["ring"].Members);
    }

    public async Task DisposeAsync()
    {
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
    }

    private static string Tunnel(ChannelInstance instance) => instance.Host.TunnelAddress!.ToString();

    private static MembershipConfig Members(params (string Id, string Address)[] members) =>
        new() { Members = members.ToDictionary(static one => one.Id, static one => new ChannelMemberConfig { Address = one.Address }) };

    private static async Task<Socket> CallAsync(ChannelInstance caller)
    {
        var member = Assert.Single(caller.Monitor.Current["ring"].Members);
        var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await client.ConnectAsync(IPAddress.Parse(member.Ip), member.Port);
        return client;
    }

    private ChannelConfig Ring(DuplexMode mode = DuplexMode.Bind) =>
        new()
        {
            Type = ChannelType.Duplex,
            Connector = "ring",
            Mode = mode,
            Port = _port,
            Ready = ReadyCheck.None,
        };

    private async Task<ChannelInstance> StartAsync(string id, LoopbackConfig? loopback = null, DuplexMode? mode = null)
    {
        var instance = Add(id, new(), loopback, mode);
        await instance.StartAsync();
        return instance;
    }

    // The first of a test calls, the others serve.
    private ChannelInstance Add(
        string id,
        MembershipConfig membership,
        LoopbackConfig? loopback = null,
        DuplexMode? mode = null,
        ManualTime? time = null
    )
    {
        var ring = Ring(mode ?? (id.EndsWith('0') ? DuplexMode.Bind : DuplexMode.Connect));
        var config = ChannelInstance.Configure(_authority, id, ("ring", ring));
        var instance = ChannelInstance.CreateOn(time, config with { Membership = membership, Loopback = loopback ?? new() });
        _instances.Add(instance);
        return instance;
    }
}
