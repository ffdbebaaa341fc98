using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Proxy.Channels;
using Proxy.Channels.Membership;
using Proxy.Channels.Monitoring;
using Proxy.Core.Tests.Channels.Membership;
using Proxy.Core.Tests.Channels.Tunnel;

namespace Proxy.Core.Tests.Channels;

public sealed class GroupMembersTests : IAsyncLifetime
{
    private readonly TestAuthority _authority = new();
    private readonly CancellationTokenSource _ending = new();
    private readonly FakeSession _session = new();
    private readonly LogLines _logs = new();
    private ChannelInstance _instance = null!;
    private MemberDirectory _members = null!;
    private Task _running = Task.CompletedTask;

    public async Task InitializeAsync()
    {
        _instance = ChannelInstance.Create(_authority, "A_32000");
        await _instance.StartAsync();
        _members = new(_instance.Id, () => _instance.Ip);
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
            services.GetRequiredService<ConnectionCutter>(),
            services.GetRequiredService<ChannelMonitor>(),
            new Logger<GroupMembers>(_logs)
        );
        _running = members.RunAsync(_ending.Token);
    }

    [Fact]
    public async Task Run_UpdateCannotBeApplied_IsLoggedAndTheNextIsApplied()
    {
        var sound = new MemberRecord("A_32001", "1", "127.0.0.1:1", LocalAddress.OfInstance(new() { Id = "A_32001" })!);

        _session.Say(new MembershipUpdate.Changed(sound with { Id = "A_32002", LocalAddress = null! }));
        _session.Say(new MembershipUpdate.Changed(sound));

        await Eventually.TrueAsync(() => _members.Current.All.ContainsKey(sound.Id));
        Assert.StartsWith("Error: ", Assert.Single(_logs.All), StringComparison.Ordinal);
    }

    public async Task DisposeAsync()
    {
        await _ending.CancelAsync();
        await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _ending.Dispose();
        _logs.Dispose();
        await _instance.DisposeAsync();
        _authority.Dispose();
    }
}
