using System.Globalization;
using System.Net;
using Microsoft.Extensions.Logging.Abstractions;
using Proxy.Channels.Membership;
using Proxy.Channels.Monitoring;
using Proxy.Configuration.Channels;
using Proxy.Core.Tests.Channels;
using Proxy.Core.Tests.Channels.Tunnel;
using Proxy.Etcd.Client;
using Proxy.Etcd.Membership;
using Xunit.Abstractions;

namespace Proxy.Etcd.Tests.EndToEnd;

/// <summary>Very many members in the engine, seen from one instance with all its parts. PROXY_TEST_MEMBERS says how many; 2,000 are what is promised.</summary>
[Collection(Alone.Name)]
public sealed class ManyMembersTests(ITestOutputHelper output) : IAsyncLifetime
{
    private const int BytesPerMember = 25_000; // a listener for each among them, or what a query of each leaves to pools for a while
    private static readonly int _count = int.TryParse(
        Environment.GetEnvironmentVariable("PROXY_TEST_MEMBERS"),
        NumberStyles.None,
        CultureInfo.InvariantCulture,
        out var count
    )
        ? count
        : 2000;

    private static readonly TimeSpan _gathering = TimeSpan.FromSeconds(3_601); // ends when the test says so: a pass over all members may take long

    private readonly HeldTime _time = new(_gathering);
    private readonly TestAuthority _authority = new();
    private readonly List<ChannelState> _told = [];
    private readonly MemoryCluster _cluster = new();
    private readonly EngineKeys _keys = new("/proxy", TestAuthority.Group);
    private readonly List<long> _leases = [];
    private FakeMembers _members = null!;
    private EngineMembership _provider = null!;
    private ChannelInstance _caller = null!;
    private volatile bool _isReady;

    public async Task InitializeAsync()
    {
        var port = Ports.Free();
        _members = await FakeMembers.StartAsync(port);
        _members.Come();
        var ring = new ChannelConfig
        {
            Type = ChannelType.Duplex,
            Connector = "ring",
            Mode = DuplexMode.Bind,
            Port = port,
        };
        var config = ChannelInstance.Configure(_authority, "B_400", ("ring", ring));
        var store = _cluster.Join();
        var addresses = new EngineAddresses(store, _keys, static _ => { }, TimeProvider.System, NullLogger<EngineAddresses>.Instance);
        _provider = new EngineMembership(
            store,
            _keys,
            addresses,
            () => Path.ChangeExtension(_caller.Config.Loopback.StateFile, ".epoch"),
            static _ => { },
            TimeProvider.System,
            NullLogger<EngineMembership>.Instance
        );
        _caller = new ChannelInstance(
            config with
            {
                Tunnel = config.Tunnel with { Url = $"http://{IPAddress.Loopback}:0" },
                Membership = new()
                {
                    Provider = "Engine",
                    Guard = new() { Hold = TimeSpan.FromSeconds(2) },
                },
                Notify = new()
                {
                    Debounce = new() { Min = _gathering, Max = TimeSpan.FromDays(1) },
                },
            },
            providers: [_provider],
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

        await ComeAsync();
        var with = SettledMemory();
        output.WriteLine($"{_count} members: {(with - before) / _count} bytes each.");
        Assert.InRange(with - before, long.MinValue, (long)BytesPerMember * _count);

        for (var number = 0; number < _count; number++)
        {
            var key = _keys.Member(FakeMembers.Id(number));
            _cluster.Commit(new() { Operations = [new KeyOperation.Put(key, HelloLine.Left, _leases[number])] });
            _cluster.Remove(key);
        }

        var left = await TellsAsync(members: 0);
        Assert.Equal(_count, left.Removed.Count);
        await ComeAsync();

        // As when the engine was frozen: all leases end, but the members answer, and write their records anew.
        _leases.ForEach(_cluster.End);
        await Eventually.TrueAsync(() => Greeted() >= _count * 0.6);
        Write();
        _cluster.Put(
            _keys.Member("A_1"),
            "{\"instance\":\"A_1\",\"epoch\":\"1\",\"address\":\"h:1\",\"ip\":\"127.0.0.3\",\"connectors\":[]}"
        );
        await Eventually.TrueAsync(() => _caller.Host.Members.All.ContainsKey("A_1"));
        Assert.Equal(_count + 1, _caller.Host.Members.All.Count);

        await _members.VanishAsync();
        _leases.ForEach(_cluster.End);
        await Eventually.TrueAsync(() => _caller.Host.Members.All.Count == 1);
        var after = SettledMemory();
        output.WriteLine($"After them: {(after - before) / _count} bytes each.");
        Assert.InRange(after - before, long.MinValue, (long)BytesPerMember * _count);
    }

    public async Task DisposeAsync()
    {
        var stopping = _caller.DisposeAsync().AsTask();
        await _time.ReleaseUntilAsync(() => stopping.IsCompleted);
        await stopping;
        _provider.Dispose();
        File.Delete(Path.ChangeExtension(_caller.Config.Loopback.StateFile, ".epoch"));
        await _members.DisposeAsync();
        _authority.Dispose();
    }

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

    private int Greeted() => Enumerable.Range(0, _count).Count(number => _members.Greeted(number) > 0);

    private void Write()
    {
        _leases.Clear();
        for (var number = 0; number < _count; number++)
        {
            _leases.Add(_cluster.Grant());
            var put = new KeyOperation.Put(_keys.Member(FakeMembers.Id(number)), HelloLine.Write(_members.Record(number)), _leases[number]);
            _cluster.Commit(new() { Operations = [put] });
        }
    }

    private async Task ComeAsync()
    {
        Write();
        var state = await TellsAsync(_count);
        Assert.Equal(_count, state.Added.Count);
    }

    /// <summary>The one notification that comes next, when there are so many members.</summary>
    private async Task<ChannelState> TellsAsync(int members)
    {
        await Eventually.TrueAsync(() => _caller.Host.Members.All.Count == members);
        await _caller.UseAsync(_caller.Config with { }); // by a whole pass, after which all of them are about to be told
        await _time.ReleaseUntilAsync(() => Count() > 0);
        var state = Assert.Single(Take());
        Assert.Equal(members, state.Members.Count);
        return state;
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
