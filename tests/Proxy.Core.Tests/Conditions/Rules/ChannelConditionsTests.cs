using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Proxy.Channels;
using Proxy.Channels.Membership;
using Proxy.Conditions;
using Proxy.Conditions.Rules;
using Proxy.Configuration.Channels;
using Proxy.Core.Tests.Channels;
using Proxy.Core.Tests.Channels.Tunnel;

namespace Proxy.Core.Tests.Conditions.Rules;

/// <summary>An instance that calls <c>db</c> at an address, and serves <c>site</c> at a port of a reserved socket.</summary>
public sealed class ChannelConditionsTests : IAsyncLifetime
{
    private readonly TestAuthority _authority = new();
    private readonly Socket _server = Loopback.Reserve(LocalAddress.OfInstance(new() { Id = "A_32000" }));
    private readonly Socket _taken = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private ChannelInstance _instance = null!;
    private ChannelConditions _conditions = null!;

    public Task InitializeAsync()
    {
        var served = new ChannelConfig
        {
            Type = ChannelType.Reply,
            Connector = "site",
            Port = _server.Port(),
            Ready = ReadyCheck.Tcp,
            ReadyInterval = TimeSpan.FromMilliseconds(10),
        };
        _instance = ChannelInstance.Create(_authority, "A_32000", ("site", served));
        _conditions = new(_instance.Services.GetRequiredService<ChannelRegistry>());
        return Task.CompletedTask;
    }

    [Fact]
    public async Task Read_LocalServerDoesNotAccept_DownUntilItDoes()
    {
        await StartAsync();
        await Eventually.TrueAsync(() => Of("site").Level == ConditionLevel.Down);
        Assert.Equal(ConditionReason.ConnectFailed, Of("site").Reason);
        Assert.NotNull(Of("site").Since);

        _server.Listen();

        await Eventually.TrueAsync(() => Of("site").Level == ConditionLevel.Ok);
    }

    [Fact]
    public async Task Read_LocalAddressInUse_Down()
    {
        await StartAsync();
        _taken.Bind(new IPEndPoint(IPAddress.Any, Ports.Free()));
        _taken.Listen();
        var called = new ChannelConfig
        {
            Type = ChannelType.Request,
            Connector = "db",
            Port = _taken.Port(),
        };

        await _instance.UseAsync(_instance.Config with { Items = new Dictionary<string, ChannelConfig> { ["db"] = called } });

        await Eventually.TrueAsync(() => Of("db").Reason == ConditionReason.NotListening);
        Assert.Equal(ConditionLevel.Down, Of("db").Level);
        Assert.NotNull(Of("db").LastError);
    }

    [Fact]
    public async Task Read_MembersOfEachKind_LostAndSuspectOnesAreDown()
    {
        await StartAsync();
        Say(new MembershipUpdate.Changed(Member("A_1")));
        Say(new MembershipUpdate.Changed(Member("A_2") with { State = MemberState.Suspect }));
        Say(new MembershipUpdate.Changed(Member("A_3") with { State = MemberState.Draining }));
        Say(new MembershipUpdate.Changed(Member("A_4")));
        Say(new MembershipUpdate.Gone("A_4", DepartureReason.Expired));

        Assert.Equal((ConditionLevel.Ok, ConditionReason.None), (Of("A_1").Level, Of("A_1").Reason));
        Assert.Equal((ConditionLevel.Down, ConditionReason.Suspect), (Of("A_2").Level, Of("A_2").Reason));
        Assert.NotNull(Of("A_2").Since);
        Assert.Equal((ConditionLevel.Ok, ConditionReason.Draining), (Of("A_3").Level, Of("A_3").Reason));
        Assert.Equal((ConditionLevel.Down, ConditionReason.Gone), (Of("A_4").Level, Of("A_4").Reason));
    }

    [Fact]
    public async Task Read_RegistryUnreachable_ChannelsAreDegraded()
    {
        _server.Listen(); // so that no attempt to connect it ever fails
        await StartAsync();

        Say(new MembershipUpdate.Stale());

        Assert.Equal((ConditionLevel.Degraded, ConditionReason.RegistryUnreachable), (Of("site").Level, Of("site").Reason));
    }

    public async Task DisposeAsync()
    {
        await _instance.DisposeAsync();
        _server.Dispose();
        _taken.Dispose();
        _authority.Dispose();
    }

    private static MemberRecord Member(string id) => new(id, "1", "127.0.0.1:1", LocalAddress.OfInstance(new() { Id = id })!);

    private Condition Of(string id) => Assert.Single(_conditions.Read(), one => one.Id == id);

    /// <summary>Starts it and waits until it has its first set of members, after which only the test says something about them.</summary>
    private async Task StartAsync()
    {
        await _instance.StartAsync();
        await Eventually.TrueAsync(() => _instance.Services.GetRequiredService<GroupMembers>().IsKnown);
    }

    private void Say(MembershipUpdate update)
    {
        var members = _instance.Services.GetRequiredService<MemberDirectory>();
        _instance.Services.GetRequiredService<MemberHistory>().Follow(update, members.Apply(update), members.Current);
    }
}
