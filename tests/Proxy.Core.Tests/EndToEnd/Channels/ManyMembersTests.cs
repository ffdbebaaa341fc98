using System.Globalization;
using System.Net;
using Proxy.Channels.Membership;
using Proxy.Channels.Monitoring;
using Proxy.Configuration.Channels;
using Proxy.Core.Tests.Channels;
using Proxy.Core.Tests.Channels.Tunnel;
using Xunit.Abstractions;

namespace Proxy.Core.Tests.EndToEnd.Channels;

/// <summary>
/// Very many members over real hello streams. PROXY_TEST_MEMBERS says how many; 2,000 are what is promised, and with their servers in
/// the same process more than a busy machine of two cores does in a moment.
/// </summary>
[Collection(Alone.Name)]
public sealed class ManyMembersTests(ITestOutputHelper output) : IAsyncLifetime
{
    // Of both ends: the fake members are in this process too, and so is a listener for each.
    private const int BytesPerMember = 150_000;
    private static readonly int _count = int.TryParse(
        Environment.GetEnvironmentVariable("PROXY_TEST_MEMBERS"),
        NumberStyles.None,
        CultureInfo.InvariantCulture,
        out var count
    )
        ? count
        : 500;

    private static readonly TimeSpan _gathering = TimeSpan.FromSeconds(3_601); // ends when the test says so: a pass over all members may take long

    private readonly HeldTime _time = new(_gathering);
    private readonly TestAuthority _authority = new();
    private readonly List<ChannelState> _told = [];
    private FakeMembers _members = null!;
    private ChannelInstance _caller = null!;
    private volatile bool _isReady;

    public async Task InitializeAsync()
    {
        using var reserved = Loopback.Reserve();
        var port = reserved.Port();
        _members = await FakeMembers.StartAsync(port);
        var ring = new ChannelConfig
        {
            Type = ChannelType.Duplex,
            Connector = "ring",
            Mode = DuplexMode.Bind,
            Port = port,
        };
        var config = ChannelInstance.Configure(_authority, "B_400", ("ring", ring));
        _caller = new ChannelInstance(
            config with
            {
                // All hellos wait until the last has come.
                Tunnel = config.Tunnel with
                {
                    Url = $"http://{IPAddress.Loopback}:0",
                    ConnectTimeout = TimeSpan.FromMinutes(5),
                },
                Notify = new()
                {
                    Debounce = new() { Min = _gathering, Max = TimeSpan.FromDays(1) },
                },
            },
            time: _time
        );
        _caller.Monitor.Ready += (_, _) => _isReady = true;
        _caller.Monitor.Changed += (_, changed) =>
        {
            lock (_told)
            {
                _told.Add(changed.State);
            }
        };
        await _caller.StartAsync();
        await _time.ReleaseUntilAsync(() => _isReady); // after all that is known at first was told
    }

    [Fact]
    public async Task Members_ComeLeaveComeAndVanishAtOnce_OneNotificationEachAndLittleMemory()
    {
        Assert.All(Take(), static state => Assert.Empty(state.Members));
        var before = SettledMemory();

        await _caller.UseAsync(_caller.Config with { Membership = Membership(_members.Configure(_count)) });
        await ComeAsync();
        var with = SettledMemory();
        output.WriteLine($"{_count} members: {(with - before) / _count} bytes each.");
        Assert.InRange(with - before, long.MinValue, (long)BytesPerMember * _count);

        _members.Leave();
        var left = await TellsAsync(members: 0);
        Assert.Equal(_count, left.Removed.Count);
        await ComeAsync();

        await _members.VanishAsync();
        await TellsAsync(_count, MemberState.Suspect);
        var gone = await TellsAsync(members: 0);
        Assert.Equal(_count, gone.Removed.Count);

        await _caller.UseAsync(_caller.Config with { Membership = Membership([]) });
        var after = SettledMemory();
        output.WriteLine($"After them: {(after - before) / _count} bytes each.");
        Assert.InRange(after - before, long.MinValue, (long)BytesPerMember * _count / 4);
    }

    public async Task DisposeAsync()
    {
        var stopping = _caller.DisposeAsync().AsTask();
        await _time.ReleaseUntilAsync(() => stopping.IsCompleted);
        await stopping;
        await _members.DisposeAsync();
        _authority.Dispose();
    }

    // What earlier tests left to finalizers is freed in several rounds. What they left to pools that trim by time is freed whenever they do so,
    // in the middle of a measurement too: so a difference has an upper bound and no lower one.
    private static long SettledMemory()
    {
        const int Noise = 100_000;
        var memory = GC.GetTotalMemory(forceFullCollection: true);
        for (var round = 0; round < 20; round++)
        {
            GC.WaitForPendingFinalizers();
            var next = GC.GetTotalMemory(forceFullCollection: true);
            if (memory - next < Noise)
            {
                return next;
            }

            memory = next;
        }

        return memory;
    }

    private static MembershipConfig Membership(Dictionary<string, ChannelMemberConfig> members) =>
        new()
        {
            Members = members,
            Guard = new() { Hold = TimeSpan.FromSeconds(2) },
        };

    private async Task ComeAsync()
    {
        await Eventually.TrueAsync(() => _members.Waiting == _count);
        _members.Come();
        var state = await TellsAsync(_count);
        Assert.Equal(_count, state.Added.Count);
    }

    /// <summary>The one notification that comes next, when there are so many members, all of them in a state.</summary>
    private async Task<ChannelState> TellsAsync(int members, MemberState all = MemberState.Up)
    {
        await Eventually.TrueAsync(() => _caller.Host.Members.All is var known && known.Count == members && known.Values.All(Fits));
        await _caller.UseAsync(_caller.Config with { }); // by a whole pass, after which all of them are about to be told
        await _time.ReleaseUntilAsync(() => Count() > 0);
        var state = Assert.Single(Take());
        Assert.Equal(members, state.Members.Count);
        Assert.All(state.Members, member => Assert.Equal(all, member.State));
        return state;

        bool Fits(MemberRecord member) => member.State == all;
    }

    private int Count()
    {
        lock (_told)
        {
            return _told.Count;
        }
    }

    private List<ChannelState> Take()
    {
        lock (_told)
        {
            List<ChannelState> taken = [.. _told];
            _told.Clear();
            return taken;
        }
    }
}
