using Proxy.Configuration.Routes;
using Proxy.Diagnostics;
using Proxy.Revisions;

namespace Proxy.Conditions.Rules;

/// <summary>Routes: whether their clients of the last minute were served. Of an HTTP route the units are requests, and 5xx counts as failed.</summary>
/// <remarks>
/// Clients of a multiplexer stay connected while their requests fail, so its routes are judged by the devices as well.
/// </remarks>
internal sealed class RouteConditions(ProxyStatus status, RecentOutcomes recent, DeviceConditions sessions) : IConditionSource
{
    public IEnumerable<Condition> Read()
    {
        if (status.Current.Running is not { } running)
        {
            yield break;
        }

        var tcp = running.Config.ReverseProxy.TcpRoutes;
        var devices = sessions
            .Devices()
            .ToLookup(static one => one.ClusterId, static one => one.Condition, StringComparer.OrdinalIgnoreCase);
        foreach (var (id, route) in tcp)
        {
            var clients = Of(id, recent.OfRoute(id));
            yield return route is { Mode: TcpMode.Multiplex, ClusterId: { } cluster }
                ? Facts.Worst(clients, OfDevices(id, [.. devices[cluster]]))
                : clients;
        }

        foreach (var id in running.HttpRoutes.Select(static route => route.RouteId).Where(id => !tcp.ContainsKey(id)))
        {
            yield return Of(id, recent.OfHttpRoute(id));
        }
    }

    private static Condition? OfDevices(string id, List<Condition> devices)
    {
        var down = devices.Where(static one => one.Level == ConditionLevel.Down).ToList();
        if (down.Count == 0)
        {
            return null;
        }

        var isDown = down.Count == devices.Count;
        var last = down.MaxBy(static one => one.Since)!;
        return new(ConditionKind.Route, id, isDown ? ConditionLevel.Down : ConditionLevel.Degraded, ConditionReason.RequestsFail)
        {
            Since = isDown ? last.Since : down.Min(static one => one.Since),
            Count = down.Count,
            LastError = Facts.Line($"device {last.Id}: {last.Reason}{(last.LastError is null ? "" : $": {last.LastError}")}"),
        };
    }

    private static Condition Of(string id, LastMinuteSums? minute) =>
        Facts.OfMinute(ConditionKind.Route, id, minute) ?? Condition.Ok(ConditionKind.Route, id);
}
