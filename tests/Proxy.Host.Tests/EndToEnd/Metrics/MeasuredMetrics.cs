using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.DependencyInjection;
using Proxy.Channels;
using Proxy.Channels.Membership;
using Proxy.Channels.Monitoring;
using Proxy.Diagnostics;
using Proxy.Engine;
using Proxy.Etcd.Fleet;
using Proxy.Host.Tests.Support;
using Proxy.Locking;
using Proxy.Multiplexing;
using Proxy.Tls;
using Proxy.Tls.Termination;

namespace Proxy.Host.Tests.EndToEnd.Metrics;

/// <summary>Records in a host what needs a peer, a device or a fault that the host of a test does not have.</summary>
internal static class MeasuredMetrics
{
    /// <summary>Records each metric once.</summary>
    /// <returns>A connection that shows as an open tunnel once it is tracked.</returns>
    public static async Task<ConnectionRecord> RecordAsync(TestHost host)
    {
        MeasureOthers(host.Services);
        await MeasureChannelsAsync(host.Services);
        return Record("r");
    }

    private static void MeasureOthers(IServiceProvider services)
    {
        var metrics = services.GetRequiredService<ProxyMetrics>();
        metrics.HookEnded("r", "activate", TimeSpan.FromSeconds(1), "Succeeded");
        metrics.LoopHeld();
        var requests = services.GetRequiredService<RequestMetrics>();
        requests.Started("h", "c");
        requests.Ended(
            new()
            {
                Id = "1",
                RouteId = "h",
                ClusterId = "c",
                Method = "GET",
                Path = "/",
                Outcome = ConnectionOutcome.Completed,
                Duration = TimeSpan.FromSeconds(1),
            }
        );
        services.GetRequiredService<TlsMetrics>().Failed(TlsSide.Client, "r", TlsFailureReason.TimedOut, TimeSpan.FromSeconds(1));
        var engine = services.GetRequiredService<EngineMetrics>();
        engine.Observe(new Answering());
        engine.Ended("read", "ok", TimeSpan.FromSeconds(1));
        services.GetRequiredService<HandshakeGates>().Of("e").Limit(1);
        var multiplex = services.GetRequiredService<MultiplexMetrics>();
        var tags = new TagList { { "proxy.route_id", "r" } };
        multiplex.Waited(TimeSpan.FromSeconds(1), tags);
        multiplex.Exchanged(TimeSpan.FromSeconds(1), tags);
        multiplex.TimedOut(tags);
        multiplex.Reconnected(tags);
        multiplex.Late(tags);
        multiplex.CacheHit(tags);
        multiplex.Shared(tags);
        multiplex.Repeated(tags);
        multiplex.Ended(1, [.. tags]);
        multiplex.ObserveSuspended(static () => [new Measurement<int>(1)]);
        multiplex.Observe(static () => [new Measurement<int>(1)]);
        multiplex.ObserveMemory(static () => [new Measurement<long>(1)]);
        var locks = services.GetRequiredService<LockMetrics>();
        var queues = locks.Queues().ToList();
        queues.Add(new LockQueue("shared", queues[0].Settings, new SharedPermits(), TimeProvider.System));
        locks.Queues = () => queues;
        var fleet = new FakeFleet();
        _ = new FleetMetrics(services.GetRequiredService<ProxyMeter>(), fleet, fleet);
    }

    private static async Task MeasureChannelsAsync(IServiceProvider services)
    {
        var peer = new MemberRecord("B_1", "e", "127.0.0.1:1", IPAddress.Loopback);
        services.GetRequiredService<MemberDirectory>().Apply(new MembershipUpdate.Changed(peer));
        var tunnels = services.GetRequiredService<TunnelMetrics>();
        tunnels.Asked(ChannelSlots.Calls, peer.Id, 200);
        var tunnel = Record(null);
        tunnel.DestinationId = peer.Id;
        tunnels.Opened(tunnel);
        services.GetRequiredService<NotificationMetrics>().Delivered("exec", succeeded: true);
        var monitor = services.GetRequiredService<ChannelMonitor>();
        monitor.Start();
        monitor.Set([new ChannelState("c", "x", "Duplex")], new() { Min = TimeSpan.Zero, Max = TimeSpan.Zero });
        await monitor.PublishedAsync(CancellationToken.None).WaitAsync(Eventually.Limit);
    }

    private sealed class Answering : IEngine
    {
        public EngineStatus Status => new("etcd", "https://a:2379", TimeProvider.System.GetUtcNow());
    }

    private static ConnectionRecord Record(string? route) =>
        new(new DefaultConnectionContext("c"), "e", ChannelSlots.Calls, TimeProvider.System) { RouteId = route };
}
