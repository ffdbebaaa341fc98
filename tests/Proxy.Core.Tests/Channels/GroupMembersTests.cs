using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Proxy.Channels;
using Proxy.Channels.Membership;
using Proxy.Channels.Monitoring;
using Proxy.Connections;
using Proxy.Core.Tests.Channels.Membership;
using Proxy.Core.Tests.Channels.Tunnel;
using Proxy.Diagnostics;
using Proxy.Timing;

namespace Proxy.Core.Tests.Channels;

public sealed class GroupMembersTests : IAsyncLifetime
{
    private static readonly TimeSpan _grace = TimeSpan.FromSeconds(1); // within which a member whose connection was lost may answer

    private readonly TestAuthority _authority = new();
    private readonly CancellationTokenSource _ending = new();
    private readonly FakeSession _session = new();
    private readonly LogLines _logs = new();
    private readonly ManualTime _time = new(); // of what cuts tunnels
    private readonly ConnectionTracker _tracker = new();
    private ChannelInstance _instance = null!;
    private MemberDirectory _members = null!;
    private DeadlineClock _clock = null!;
    private Task _running = Task.CompletedTask;

    public async Task InitializeAsync()
    {
        _instance = ChannelInstance.Create(_authority, "A_32000");
        await _instance.StartAsync();
        _members = new(_instance.Id, () => _instance.Ip);
        _clock = new(_time);
        var services = _instance.Services;
        var members = new GroupMembers(
            services.GetRequiredService<CurrentChannels>(),
            services.GetRequiredService<ChosenMembership>(),
            new GuardedMembership(
                _session,
                static () => [],
                static () => new(),
                static (_, _) => Task.FromResult<MemberRecord?>(null),
                TimeProvider.System
            ),
            _members,
            services.GetRequiredService<MemberSuspicion>(),
            services.GetRequiredService<MemberHistory>(),
            services.GetRequiredService<MemberFile>(),
            new ConnectionCutter(_tracker, new ConnectionDrain(_clock), _time),
            services.GetRequiredService<ChannelMonitor>(),
            new Logger<GroupMembers>(_logs)
        );
        _running = members.RunAsync(_ending.Token);
    }

    [Fact]
    public async Task Run_UpdateCannotBeApplied_IsLoggedAndTheNextIsApplied()
    {
        var sound = Member("A_32001");

        _session.Say(new MembershipUpdate.Changed(sound with { Id = "A_32002", LocalAddress = null! }));
        _session.Say(new MembershipUpdate.Changed(sound));

        await Eventually.TrueAsync(() => _members.Current.All.ContainsKey(sound.Id));
        Assert.StartsWith("Error: ", Assert.Single(_logs.All), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_MemberDoesNotAnswer_ItsTunnelsWithConnectionsOfTheirOwnEndAfterASecond()
    {
        var (own, shared, other) = (
            Open("A_32001", hasOwnTunnel: true),
            Open("A_32001", hasOwnTunnel: false),
            Open("A_32002", hasOwnTunnel: true)
        );
        await SayAsync(Member("A_32001"), Member("A_32002"), Member("A_32001") with { State = MemberState.Suspect });

        Assert.Null(own.Outcome);
        _time.Advance(_grace);

        Assert.Equal((ConnectionOutcome.TunnelLost, null, null), (own.Outcome, shared.Outcome, other.Outcome));
    }

    [Fact]
    public async Task Run_MemberAnswersWithinASecond_ItsTunnelsGoOn()
    {
        var (back, lost) = (Open("A_32001", hasOwnTunnel: true), Open("A_32002", hasOwnTunnel: true));
        await SayAsync(
            Member("A_32001") with
            {
                State = MemberState.Suspect,
            },
            Member("A_32002") with
            {
                State = MemberState.Suspect,
            },
            Member("A_32001")
        );

        _time.Advance(_grace);

        Assert.Equal((null, ConnectionOutcome.TunnelLost), (back.Outcome, lost.Outcome));
    }

    public async Task DisposeAsync()
    {
        await _ending.CancelAsync();
        await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _ending.Dispose();
        _logs.Dispose();
        _clock.Dispose();
        await _instance.DisposeAsync();
        _authority.Dispose();
    }

    private static MemberRecord Member(string id) => new(id, "1", "127.0.0.1:1", LocalAddress.OfInstance(new() { Id = id })!);

    /// <summary>The members change one after the other; returns when all of that is applied.</summary>
    private async Task SayAsync(params MemberRecord[] members)
    {
        foreach (var member in members)
        {
            _session.Say(new MembershipUpdate.Changed(member));
        }

        var last = Member("A_32009");
        _session.Say(new MembershipUpdate.Changed(last)); // updates are applied in their order
        await Eventually.TrueAsync(() => _members.Current.All.ContainsKey(last.Id));
        Assert.Empty(_logs.All);
    }

    private ConnectionRecord Open(string member, bool hasOwnTunnel)
    {
        var record = new ConnectionRecord(new FakeConnection(), ChannelSlots.Endpoint("ring"), ChannelSlots.Calls, _time)
        {
            ClusterId = ChannelSlots.Cluster("ring"),
            DestinationId = member,
            HasOwnTunnel = hasOwnTunnel,
        };
        _tracker.Add(record);
        return record;
    }
}
