using Microsoft.AspNetCore.Http.HttpResults;
using Proxy.Conditions;
using Proxy.Conditions.Rules;
using Proxy.Diagnostics;
using Proxy.Host.Contracts;

namespace Proxy.Host.Admin;

/// <summary>What is wrong, since when and why; and what happened in the last minutes.</summary>
internal static class ConditionApi
{
    public static void Map(IEndpointRouteBuilder api)
    {
        api.MapGet("/conditions", List)
            .WithSummary(
                "What is wrong, since when and why, the worst first. all=true lists what has nothing wrong, too; kind and id choose."
            );
        api.MapGet("/history", static (TrafficHistory history) => Read(history))
            .WithSummary(
                "The totals of the last five minutes, the last 200 ends that failed, and the last 200 others that were not as they should be."
            );
    }

    public static HistoryAnswer Read(TrafficHistory history) => new(TrafficHistory.Interval, history.Samples, history.Ends);

    private static Results<Ok<ConditionsAnswer>, BadRequest<ApiError>> List(
        ConditionRegistry conditions,
        bool all = false,
        string? kind = null,
        string? id = null
    )
    {
        ConditionKind? wanted = null;
        if (kind is not null)
        {
            if (!Enum.TryParse<ConditionKind>(kind, ignoreCase: true, out var parsed) || !Enum.IsDefined(parsed))
            {
                return TypedResults.BadRequest(
                    new ApiError($"There is no kind '{kind}'; there are {string.Join(", ", Enum.GetNames<ConditionKind>())}.")
                );
            }

            wanted = parsed;
        }

        return TypedResults.Ok(
            ConditionsAnswer.Of(
                conditions.Read(),
                one =>
                    (all || id is not null || one.Level != ConditionLevel.Ok)
                    && (wanted is null || one.Kind == wanted)
                    && (id is null || one.Id.Equals(id, StringComparison.OrdinalIgnoreCase))
            )
        );
    }
}
