using System.Collections.Concurrent;
using System.Net;
using Microsoft.Extensions.Logging;
using Proxy.Channels.Membership;
using Proxy.Etcd.Client;
using Proxy.Etcd.Membership;

namespace Proxy.Etcd.Tests.Membership;

/// <summary>Instances of a group in one engine in memory, each a process of its own.</summary>
internal sealed class EngineGroup : IAsyncDisposable
{
    private readonly List<EngineInstance> _instances = [];
    private readonly string _folder = Directory.CreateTempSubdirectory("engine-").FullName;

    public MemoryCluster Cluster { get; } = new();

    public EngineKeys Keys { get; } = new("/proxy", "prod");

    public ManualTime Time { get; } = new();

    /// <summary>The instances whose tunnels answer, whether the engine knows them or not.</summary>
    public ConcurrentDictionary<string, MemberRecord> Answering { get; } = new();

    public static MemberRecord Record(string id, string epoch = "e1") =>
        new(id, epoch, "127.0.0.1:15008", LocalAddress.OfInstance(new() { Id = id }) ?? IPAddress.Parse("127.0.0.9"))
        {
            Connectors = [new("ring", true, true, [9100])],
        };

    /// <summary>A new process.</summary>
    /// <param name="id">Its id.</param>
    /// <param name="epoch">Its epoch.</param>
    /// <param name="state">The name of its state; processes with the same one run one after another on one host.</param>
    public async Task<EngineInstance> JoinAsync(string id, string epoch = "e1", string? state = null)
    {
        var instance = Prepare(id, epoch, state);
        await instance.JoinAsync();
        return instance;
    }

    /// <summary>A process that has not joined yet.</summary>
    public EngineInstance Prepare(string id, string epoch = "e1", string? state = null)
    {
        var instance = new EngineInstance(this, Record(id, epoch), Path.Combine(_folder, state ?? Guid.NewGuid().ToString("N")));
        _instances.Add(instance);
        return instance;
    }

    /// <summary>Waits until all of these instances know each other.</summary>
    public static async Task MeetAsync(params EngineInstance[] instances)
    {
        foreach (var instance in instances)
        {
            await instance.KnowsAsync([.. instances.Where(other => other != instance).Select(static other => $"{other.Id}:Up")]);
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var instance in _instances)
        {
            await instance.CrashAsync();
        }

        Directory.Delete(_folder, recursive: true);
    }
}

/// <summary>One process: its membership behind the guard, and the members that it knows.</summary>
internal sealed class EngineInstance
{
    private readonly EngineGroup _group;
    private readonly EngineMembership _membership;
    private readonly CancellationTokenSource _ending = new();
    private readonly ConcurrentQueue<MembershipUpdate> _told = new();
    private readonly ConcurrentQueue<string> _reports = new();
    private readonly MemberDirectory _members;
    private Task _reading = Task.CompletedTask;
    private IMembershipSession _session = null!;
    private bool _ended;

    public EngineInstance(EngineGroup group, MemberRecord self, string epochsFile)
    {
        (_group, Self) = (group, self);
        Store = group.Cluster.Join();
        _members = new MemberDirectory(self.Id);
        var addresses = new EngineAddresses(Store, group.Keys, _reports.Enqueue, group.Time, new Logger<EngineAddresses>(Log));
        var logger = new Logger<EngineMembership>(Log);
        _membership = new(Store, group.Keys, addresses, () => epochsFile, _reports.Enqueue, group.Time, logger);
    }

    public MemberRecord Self { get; private set; }

    public string Id => Self.Id;

    public MemoryKeyStore Store { get; }

    public LogLines Log { get; } = new();

    /// <summary>What was reported to operators.</summary>
    public IReadOnlyList<string> Reports => [.. _reports];

    /// <summary>Everything that has passed the guard.</summary>
    public IReadOnlyList<MembershipUpdate> Told => [.. _told];

    public bool IsStale => _members.Current.Stale;

    /// <summary>The members: id:state.</summary>
    public IReadOnlyList<string> Members =>
        [
            .. _members
                .Current.All.Values.OrderBy(static member => member.Id, StringComparer.Ordinal)
                .Select(static member => $"{member.Id}:{member.State}"),
        ];

    public MemberRecord? Member(string id) => _members.Current.All.GetValueOrDefault(id);

    /// <summary>The value of its key in the engine.</summary>
    public string? Published => _group.Cluster.Text(_group.Keys.Member(Id));

    public async Task JoinAsync()
    {
        _group.Answering[Id] = Self;
        _session = await _membership.JoinAsync(Self, CancellationToken.None);
        var guarded = new GuardedMembership(_session, static () => [], static () => new(), Ask, _group.Time);
        _reading = ReadAsync(guarded);
    }

    public Task PublishAsync(MemberRecord self)
    {
        Self = self;
        return _session.PublishAsync(self, CancellationToken.None);
    }

    public Task KnowsAsync(params string[] members) => Eventually.TrueAsync(() => Members.SequenceEqual(members));

    /// <summary>Waits until its own record is in the engine.</summary>
    public Task IsPublishedAsync() =>
        Eventually.TrueAsync(() => Published?.Contains($"\"{Self.Epoch}\"", StringComparison.Ordinal) == true);

    public async Task LeaveAsync()
    {
        if (Interlocked.Exchange(ref _ended, true))
        {
            return;
        }

        _group.Answering.TryRemove(Id, out _);
        await _ending.CancelAsync();
        await _reading;
        await _session.DisposeAsync();
        _membership.Dispose();
    }

    /// <summary>The process ends without a word. Its lease goes on.</summary>
    public Task CrashAsync()
    {
        Store.Leave();
        return LeaveAsync();
    }

    private Task<MemberRecord?> Ask(MemberRecord member, CancellationToken cancellationToken) =>
        Task.FromResult(_group.Answering.GetValueOrDefault(member.Id));

    private async Task ReadAsync(GuardedMembership guarded)
    {
        try
        {
            await foreach (var update in guarded.ReadAsync(_ending.Token))
            {
                _told.Enqueue(update);
                _members.Apply(update);
            }
        }
        catch (OperationCanceledException) when (_ending.IsCancellationRequested)
        {
            // The process has ended.
        }
    }
}
