using System.Diagnostics.CodeAnalysis;
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
                "What is wrong, since when and why, the worst first. all=true lists what has nothing wrong, too; kind, id and level choose."
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
        string? id = null,
        string? level = null
    )
    {
        if (!TryRead<ConditionKind>(nameof(kind), kind, out var wanted, out var error))
        {
            return TypedResults.BadRequest(error);
        }

        if (!TryRead<ConditionLevel>(nameof(level), level, out var wantedLevel, out error))
        {
            return TypedResults.BadRequest(error);
        }

        return TypedResults.Ok(
            ConditionsAnswer.Of(
                conditions.Read(),
                one =>
                    (all || id is not null || wantedLevel is not null || one.Level != ConditionLevel.Ok)
                    && (wanted is null || one.Kind == wanted)
                    && (wantedLevel is null || one.Level == wantedLevel)
                    && (id is null || one.Id.Equals(id, StringComparison.OrdinalIgnoreCase))
            )
        );
    }

    // Words only: the numbers of an enum are no part of the API.
    private static bool TryRead<T>(string noun, string? word, out T? value, [NotNullWhen(false)] out ApiError? error)
        where T : struct, Enum
    {
        (value, error) = (null, null);
        if (word is null)
        {
            return true;
        }

        var names = Enum.GetNames<T>();
        if (!names.Contains(word, StringComparer.OrdinalIgnoreCase))
        {
            error = new($"There is no {noun} '{word}'; there are {string.Join(", ", names)}.");
            return false;
        }

        value = Enum.Parse<T>(word, ignoreCase: true);
        return true;
    }
}
