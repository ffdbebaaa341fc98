using System.Net;
using System.Net.Sockets;
using Proxy.Channels.Membership;
using Proxy.Configuration.Channels;
using Proxy.Core.Tests.Channels;
using Proxy.Core.Tests.Channels.Tunnel;

namespace Proxy.Core.Tests.EndToEnd.Channels;

/// <summary>Members found by name, restarted, and remembered, with real tunnels.</summary>
public sealed class MembershipTests : IAsyncLifetime
{
    private const string Name = "a.default.svc";
    private static int _ids = 9000;

    private readonly TestAuthority _authority = new();
    private readonly List<ChannelInstance> _instances = [];
    private readonly int _first = Interlocked.Add(ref _ids, 10);
    private readonly int _port = Ports.Free();
    private volatile IPAddress[]? _found = [];

    public Task InitializeAsync() => Task.CompletedTask;

    [Fact]
    public async Task Dns_AddressesOfAName_AreAskedWhoTheyAre()
    {
        _found = [Tunnel(0), Tunnel(1), Tunnel(2), IPAddress.Parse("127.99.0.1")];
        var instances = await StartAsync(0, 1, 2);

        foreach (var instance in instances)
        {
            var others = instances.Except([instance]).Select(static other => other.Id).ToList();
            var state = await instance.StateAsync("ring", state => state.Members.Count == 2 && !state.Stale);
            Assert.Equal(others, state.Members.Select(static member => member.Iid));
        }
    }

    [Fact]
    public async Task Dns_NameForgetsAMemberThatAnswers_ItStays()
    {
        _found = [Tunnel(1)];
        var instances = await StartAsync(0, 1);
        await instances[0].StateAsync("ring", static state => state.Members.Count == 1);

        _found = [];
        await instances[1].StopAsync();

        await instances[0].StateAsync("ring", static state => state.Members.Count == 0);
    }

    [Fact]
    public async Task Dns_NoAnswer_IsStaleAndMembersStay()
    {
        _found = [Tunnel(1)];
        var instances = await StartAsync(0, 1);
        await instances[0].StateAsync("ring", static state => state is { Members.Count: 1, Stale: false });

        _found = null;
        await instances[0].StateAsync("ring", static state => state is { Members: [{ State: MemberState.Up }], Stale: true });

        _found = [Tunnel(1)];
        await instances[0].StateAsync("ring", static state => state is { Members: [{ State: MemberState.Up }], Stale: false });
    }

    [Fact]
    public async Task Dns_AnotherInstanceAtAnAddress_TakesItsPlace()
    {
        _found = [Tunnel(1)];
        var instances = await StartAsync(0, 1);
        await instances[0].StateAsync("ring", static state => state.Members.Count == 1);
        await instances[1].StopAsync();

        var other = await StartOneAsync(2, at: 1);

        var state = await instances[0].StateAsync("ring", state => state.Members is [{ State: MemberState.Up } one] && one.Iid == other.Id);
        Assert.Equal(other.Id, Assert.Single(state.Members).Iid);
    }

    [Fact]
    public async Task Restart_SameId_IsToldByAnotherEpochAtTheSameAddress()
    {
        var instances = await StartAsync(0, 1);
        await ChannelInstance.JoinAsync([.. instances]);
        var before = await instances[0].StateAsync("ring", static state => state.Members is [{ State: MemberState.Up }]);
        await instances[1].StopAsync();

        var again = await StartOneAsync(1, at: 1);
        await ChannelInstance.JoinAsync(again, instances[0]);

        var epoch = before.Members[0].Epoch;
        var after = await instances[0].StateAsync("ring", state => state.Members is [{ State: MemberState.Up } one] && one.Epoch != epoch);
        Assert.Equal((before.Members[0].Iid, before.Members[0].Ip), (after.Members[0].Iid, after.Members[0].Ip));
    }

    [Fact]
    public async Task Start_NobodyAnswers_LastMembersAreListenedForAndStale()
    {
        var state = Path.Combine(Path.GetTempPath(), $"{Guid.NewGuid():N}.json");
        _found = [Tunnel(1)];
        await StartAsync(1);
        var first = Add(0, 0, state);
        await first.StartAsync();
        await first.StateAsync("ring", static told => told.Members.Count == 1);
        await Eventually.TrueAsync(() => File.Exists(Path.ChangeExtension(state, ".members")));
        await first.StopAsync();
        await _instances[0].StopAsync();

        _found = null;
        var again = Add(0, 0, state);
        await again.StartAsync();

        var cold = await again.StateAsync("ring", static told => told.Members.Count == 1);
        Assert.Equal((true, MemberState.Suspect, true), (cold.Stale, cold.Members[0].State, cold.Listening));
        File.Delete(Path.ChangeExtension(state, ".members"));
    }

    public async Task DisposeAsync()
    {
        foreach (var instance in _instances)
        {
            await instance.DisposeAsync();
        }

        _authority.Dispose();
    }

    private static IPAddress Tunnel(int n) => IPAddress.Parse($"127.88.0.{n + 1}");

    private async Task<List<ChannelInstance>> StartAsync(params int[] numbers)
    {
        var started = new List<ChannelInstance>();
        foreach (var number in numbers)
        {
            started.Add(await StartOneAsync(number, number));
        }

        return started;
    }

    private async Task<ChannelInstance> StartOneAsync(int number, int at)
    {
        var instance = Add(number, at, null);
        await instance.StartAsync();
        return instance;
    }

    private ChannelInstance Add(int number, int at, string? state)
    {
        var ring = new ChannelConfig
        {
            Type = ChannelType.Duplex,
            Connector = "ring",
            Mode = DuplexMode.Both,
            Port = _port,
            Ready = ReadyCheck.None,
        };
        var config = ChannelInstance.Configure(_authority, $"A_{_first + number}", ("ring", ring));
        var instance = new ChannelInstance(
            config with
            {
                Loopback = new() { Network = $"127.{100 + number}.0.0/16" }, // all are on this machine
                Tunnel = config.Tunnel with { Url = $"https://{Tunnel(at)}:{_port}" },
                Membership = new()
                {
                    Provider = MembershipProviders.Dns,
                    Dns = new()
                    {
                        Name = Name,
                        Port = _port,
                        Refresh = TimeSpan.FromMilliseconds(100),
                    },
                },
            },
            LookUpAsync,
            state
        );
        _instances.Add(instance);
        return instance;
    }

    private Task<IPAddress[]> LookUpAsync(string name)
    {
        Assert.Equal(Name, name);
        return _found is { } found
            ? Task.FromResult(found)
            : Task.FromException<IPAddress[]>(new SocketException((int)SocketError.TryAgain));
    }
}
