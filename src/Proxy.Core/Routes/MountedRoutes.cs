using System.Collections.Concurrent;
using Microsoft.AspNetCore.Connections;
using Proxy.Diagnostics;

namespace Proxy.Routes;

/// <summary>
/// Routes that run on endpoints of Kestrel, by id. The pipeline is looked up for each connection, so edits apply to them too.
/// </summary>
internal sealed class MountedRoutes(TrackingMiddleware tracking)
{
    public const string EndpointId = "kestrel";

    private readonly ConcurrentDictionary<string, byte> _mounted = new(StringComparer.OrdinalIgnoreCase);
    private volatile IReadOnlyDictionary<string, ConnectionDelegate> _pipelines = new Dictionary<string, ConnectionDelegate>();

    /// <summary>The ids of the mounted routes, which need no address of their own.</summary>
    public IReadOnlyCollection<string> Ids => [.. _mounted.Keys];

    public void Add(string routeId) => _mounted.TryAdd(routeId, 0);

    public void Serve(IReadOnlyDictionary<string, ConnectionDelegate> pipelines) => _pipelines = pipelines;

    public Task OnConnectionAsync(ConnectionContext connection, string routeId) =>
        tracking.OnConnectionAsync(
            connection,
            EndpointId,
            "",
            _pipelines.GetValueOrDefault(routeId)
                ?? (
                    static gone =>
                    {
                        ConnectionRecord.Of(gone).Close(ConnectionOutcome.NoRoute);
                        return Task.CompletedTask;
                    }
                )
        );
}
