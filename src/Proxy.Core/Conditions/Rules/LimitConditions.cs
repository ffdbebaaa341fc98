using System.Globalization;
using Proxy.Admission;

namespace Proxy.Conditions.Rules;

/// <summary>Limits of routes and endpoints: which ones refuse clients, and whether further sources share the limits of one.</summary>
/// <remarks>
/// Lists of networks are none of them: which clients are denied is the configuration's own doing, however many come. A limit with <c>DryRun</c> is no fault
/// either, but its reason says that it would refuse.
/// </remarks>
internal sealed class LimitConditions(Limiters limiters) : IConditionSource
{
    public IEnumerable<Condition> Read()
    {
        foreach (var route in limiters.Routes)
        {
            foreach (var use in route.Lately)
            {
                yield return Of(ConditionKind.Limit, $"{route.RouteId}/{use.Limit}", use);
            }

            if (route.Shared is { } shared)
            {
                yield return Of(
                    ConditionKind.Limit,
                    $"{route.RouteId}/{shared.Limit}",
                    ConditionReason.SourcesFull,
                    shared,
                    $"{shared.Value} sources are known, and {Clients(shared)} of others shared the limits of one in the last minute"
                );
            }
        }

        foreach (var endpoint in limiters.Endpoints)
        {
            foreach (var use in endpoint.Lately)
            {
                yield return Of(ConditionKind.Endpoint, endpoint.EndpointId, use);
            }
        }
    }

    private static Condition Of(ConditionKind kind, string id, LimitUse use) =>
        Of(
            kind,
            id,
            ConditionReason.LimitReached,
            use,
            string.Create(
                CultureInfo.InvariantCulture,
                $"{use.Limit} {use.Value}: {Clients(use)} {(use.IsDryRun ? "would have been " : "")}refused in the last minute"
            )
        );

    private static Condition Of(ConditionKind kind, string id, ConditionReason reason, LimitUse use, string text) =>
        use.IsDryRun
            ? Condition.Ok(kind, id, reason) with
            {
                LastError = Facts.Line($"DryRun: {text}"),
            }
            : Facts.Of(kind, id, ConditionLevel.Degraded, reason, use.Minute.InARow!) with
            {
                LastError = Facts.Line(text),
            };

    private static string Clients(LimitUse use) =>
        string.Create(CultureInfo.InvariantCulture, $"{use.Minute.Failed} client{(use.Minute.Failed == 1 ? "" : "s")}");
}
