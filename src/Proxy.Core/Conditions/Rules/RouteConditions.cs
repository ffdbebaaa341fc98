using Proxy.Diagnostics;
using Proxy.Revisions;

namespace Proxy.Conditions.Rules;

/// <summary>Routes: whether their clients of the last minute were served. Of an HTTP route the units are requests, and 5xx counts as failed.</summary>
internal sealed class RouteConditions(ProxyStatus status, RecentOutcomes recent) : IConditionSource
{
    public IEnumerable<Condition> Read()
    {
        if (status.Current.Running is not { } running)
        {
            yield break;
        }

        var tcp = running.Config.ReverseProxy.TcpRoutes;
        foreach (var id in tcp.Keys)
        {
            yield return Of(id, recent.OfRoute(id));
        }

        foreach (var id in running.HttpRoutes.Select(static route => route.RouteId).Where(id => !tcp.ContainsKey(id)))
        {
            yield return Of(id, recent.OfHttpRoute(id));
        }
    }

    private static Condition Of(string id, LastMinuteSums? minute) =>
        Facts.OfMinute(ConditionKind.Route, id, minute) ?? Condition.Ok(ConditionKind.Route, id);
}
