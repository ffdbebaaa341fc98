using Microsoft.AspNetCore.Http.HttpResults;
using Proxy.Host.Contracts;
using Proxy.Host.Observability;
using Proxy.Revisions;

namespace Proxy.Host.Admin;

/// <summary>The log levels: those of the configuration, and temporary ones.</summary>
internal static class LogLevelApi
{
    private const int MaxCategory = 256;

    public static void Map(IEndpointRouteBuilder api)
    {
        api.MapGet("/log-levels", List).WithSummary("The log levels: configured ones (until is null) and temporary ones.");
        api.MapPut("/log-levels/{category}", Set)
            .WithSummary("Sets a temporary log level; afterwards the configured level applies again.")
            .ProducesProblems(StatusCodes.Status409Conflict);
        api.MapDelete("/log-levels/{category}", Remove).WithSummary("Ends a temporary log level.");
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
                    $"level must be a log level, and for must be 1 to {LogOverrides.Longest.TotalSeconds:0} seconds. "
                        + $"The category may have {MaxCategory} printable characters, at most one of them *."
                )
            );
        }

        return overrides.TrySet(category, level, request.For) is { } set
            ? TypedResults.Ok(new LogLevelAnswer(set.Category, set.Level, set.Until))
            : TypedResults.Conflict(
                new ApiError($"There are already {LogOverrides.Most} temporary levels, the maximum. End one of them first.")
            );
    }

    private static Results<NoContent, NotFound<ApiError>> Remove(string category, LogOverrides overrides) =>
        overrides.TryRemove(category)
            ? TypedResults.NoContent()
            : TypedResults.NotFound(new ApiError($"There is no temporary level for '{category}'."));

    private static bool IsCategory(string category) =>
        category.Length <= MaxCategory
        && !string.IsNullOrWhiteSpace(category)
        && !category.Any(char.IsControl)
        && category.Count(static c => c == '*') <= 1;
}
