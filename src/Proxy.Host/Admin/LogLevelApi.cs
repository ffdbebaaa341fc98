using Microsoft.AspNetCore.Http.HttpResults;
using Proxy.Host.Contracts;
using Proxy.Host.Observability;
using Proxy.Revisions;

namespace Proxy.Host.Admin;

/// <summary>What is logged: as configured, and otherwise for a while.</summary>
internal static class LogLevelApi
{
    private const int MaxCategory = 256;

    public static void Map(IEndpointRouteBuilder api)
    {
        api.MapGet("/log-levels", List).WithSummary("The levels: as configured (until is null), and those set for a while.");
        api.MapPut("/log-levels/{category}", Set)
            .WithSummary("Sets a level for a while; afterwards what is configured by then counts again.")
            .ProducesProblems(StatusCodes.Status409Conflict);
        api.MapDelete("/log-levels/{category}", Remove).WithSummary("Ends a level that was set for a while.");
    }

    private static List<LogLevelAnswer> List(LogOverrides overrides, ProxyStatus status)
    {
        var levels = new SortedDictionary<string, LogLevelAnswer>(StringComparer.OrdinalIgnoreCase);
        foreach (var (category, level) in status.Current.Running?.Config.Logging.LogLevel ?? new Dictionary<string, LogLevel>())
        {
            levels[category] = new(category, level, null);
        }

        foreach (var set in overrides.List())
        {
            levels[set.Category] = new(set.Category, set.Level, set.Until);
        }

        return [.. levels.Values];
    }

    private static Results<Ok<LogLevelAnswer>, BadRequest<ApiError>, Conflict<ApiError>> Set(
        string category,
        LogLevelRequest request,
        LogOverrides overrides
    )
    {
        var seconds = request.For.TotalSeconds;
        if (
            request.Level is not { } level
            || !Enum.IsDefined(level)
            || seconds < 1
            || seconds > LogOverrides.Longest.TotalSeconds
            || !IsCategory(category)
        )
        {
            return TypedResults.BadRequest(
                new ApiError(
                    $"Send {{ \"level\": \"Debug\", \"for\": 1 to {LogOverrides.Longest.TotalSeconds:0} seconds }} for a category of printable text."
                )
            );
        }

        return overrides.TrySet(category, level, request.For) is { } set
            ? TypedResults.Ok(new LogLevelAnswer(set.Category, set.Level, set.Until))
            : TypedResults.Conflict(new ApiError($"{LogOverrides.Most} levels are set for a while already; end one."));
    }

    private static Results<NoContent, NotFound<ApiError>> Remove(string category, LogOverrides overrides) =>
        overrides.TryRemove(category)
            ? TypedResults.NoContent()
            : TypedResults.NotFound(new ApiError($"No level is set for a while for '{category}'."));

    private static bool IsCategory(string category) =>
        category.Length <= MaxCategory
        && !string.IsNullOrWhiteSpace(category)
        && !category.Any(char.IsControl)
        && category.Count(static c => c == '*') <= 1;
}
