using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;
using Proxy.Channels;
using Proxy.Conditions.Rules;
using Proxy.Engine;
using Proxy.Revisions;

namespace Proxy.Host.Tests.Support;

/// <summary>A fleet whose engine is the test: what is drained for all hosts is applied to one host at once.</summary>
internal sealed class FakeFleet : IFleet, IFleetDrains
{
    private IServiceProvider? _host;

    public string Instance => "A_1";

    public FleetState Current { get; set; } = new();

    public InstanceRival? Rival { get; set; }

    /// <summary>Why the engine accepts nothing; null if it does.</summary>
    public string? Failure { get; set; }

    public ConcurrentDictionary<DrainTarget, DrainOrder> Drains { get; } = [];

    /// <summary>Whether the host has not heard of <see cref="Drains"/>.</summary>
    public bool IsUnheard { get; set; }

    IReadOnlyDictionary<DrainTarget, DrainOrder> IFleetDrains.Current =>
        IsUnheard ? new ConcurrentDictionary<DrainTarget, DrainOrder>() : Drains;

    /// <summary>Three hosts: one that runs an older document, one that stops.</summary>
    public static FleetState Three { get; } =
        new()
        {
            UsualRevision = "0123456789ab",
            Hosts =
            [
                new("A_1", "e1")
                {
                    Version = "1.2.3+0123456789abcdef",
                    StartedAt = TimeProvider.System.GetUtcNow() - TimeSpan.FromHours(3),
                    AdminAddress = "http://127.0.0.1:9099",
                    Revision = "0123456789ab",
                    AppliedAt = TimeProvider.System.GetUtcNow(),
                    Documents = [new("etcd:edge", 12)],
                },
                new("A_2", "e2")
                {
                    Version = "1.2.3",
                    Revision = "ba9876543210",
                    AppliedAt = TimeProvider.System.GetUtcNow() - TimeSpan.FromHours(1),
                    Documents = [new("etcd:edge", 9)],
                    Behind = ["etcd:edge"],
                    BehindSince = TimeProvider.System.GetUtcNow() - TimeSpan.FromMinutes(10),
                    RejectedSince = TimeProvider.System.GetUtcNow() - TimeSpan.FromMinutes(10),
                },
                new("A_3", "e3")
                {
                    Version = "1.2.3",
                    Revision = "0123456789ab",
                    AppliedAt = TimeProvider.System.GetUtcNow(),
                    Documents = [new("etcd:edge", 12)],
                    Draining = true,
                },
            ],
        };

    public void AddTo(IServiceCollection services) =>
        services.AddSingleton<IFleet>(With).AddSingleton<IFleetDrains>(With).AddSingleton<IConditionSource, FleetConditions>();

    public Task<bool?> IsDrainedAsync(DrainTarget target, CancellationToken cancellationToken) =>
        Task.FromResult(Failure is null ? Drains.ContainsKey(target) : (bool?)null);

    public Task<string?> DrainAsync(DrainTarget target, string? client, CancellationToken cancellationToken) =>
        Apply(() => Drains.TryAdd(target, new(Instance, client, TimeProvider.System.GetUtcNow())));

    public Task<string?> UndrainAsync(DrainTarget target, CancellationToken cancellationToken) =>
        Apply(() => Drains.TryRemove(target, out _));

    /// <summary>Drains in the host what all hosts drain.</summary>
    public void Apply(TestHost host) => Apply(host.Services);

    private void Apply(IServiceProvider host)
    {
        var now = new Dictionary<DrainTarget, DrainOrder>(Drains);
        host.GetRequiredService<ClusterRegistry>().DrainForAll(now);
        host.GetRequiredService<ChannelRegistry>().DrainForAll(now);
    }

    private FakeFleet With(IServiceProvider host)
    {
        _host = host;
        return this;
    }

    private Task<string?> Apply(Action change)
    {
        if (Failure is null)
        {
            change();
            Apply(_host!);
        }

        return Task.FromResult(Failure);
    }
}
