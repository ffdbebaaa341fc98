using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.Mvc;
using Proxy.Host.Contracts;
using Proxy.Revisions;

namespace Proxy.Host.Admin;

/// <summary>The running configuration, the files on disk, and the validation of other documents.</summary>
internal static class ConfigurationApi
{
    private const string Posted = "document";
    private const int MaxBytes = 4 << 20;
    private const int MaxValues = 20_000;
    private const int MaxWait = 60; // seconds
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(10);
    private static readonly SemaphoreSlim _one = new(1); // a large document keeps a core busy, and clients need the others

    public static void Map(IEndpointRouteBuilder api, Func<Task<bool>> reload)
    {
        api.MapGet("/configuration", Read)
            .WithSummary("The running configuration, the files on disk, and why an edit is not applied; secrets are masked.");
        api.MapGet("/configuration/difference", Difference)
            .WithSummary("The keys whose running value differs from the value in the files on disk; secrets are masked.");
        api.MapPost("/configuration/validate", ValidateAsync)
            .WithSummary(
                "Checks a document of up to 4 MiB and 20,000 values as proxy check does, and compares it with what runs. Changes nothing."
            )
            .WithMetadata(new AcceptsMetadata(["application/json"], typeof(JsonObject)))
            .WithMetadata(new RequestSizeLimitAttribute(MaxBytes))
            .ProducesProblems(StatusCodes.Status408RequestTimeout, StatusCodes.Status413PayloadTooLarge)
            .ProducesProblems(StatusCodes.Status415UnsupportedMediaType, StatusCodes.Status503ServiceUnavailable)
            .ChangesNothing();
        api.MapPost(
                "/configuration/reload",
                (HttpContext context, ConfigInspector configuration, ProxyStatus status, TimeProvider time, double wait = 0) =>
                    ReloadAsync(reload, wait, configuration, status, time, context.RequestAborted)
            )
            .WithSummary(
                "Reads the files again, as SIGHUP does. With wait, up to so many seconds (60 at most) for the result: 200 when they run, 422 when they are rejected, 202 while neither is certain."
            );
    }

    private static ConfigurationAnswer Read(ConfigInspector configuration, ProxyStatus status)
    {
        var state = status.Current;
        return new(
            state.Running?.Id,
            state.AppliedAt,
            configuration.Document(),
            configuration.Files(),
            [.. state.Rejected.Select(Problem.Of)],
            state.Pending,
            state.RestartNeeded,
            [.. (state.Running?.Warnings ?? []).Select(Problem.Of)]
        )
        {
            Documents = configuration.SharedDocuments(),
        };
    }

    private static IEnumerable<DiskDifference> Difference(ConfigInspector configuration) =>
        configuration.Difference().Select(static one => new DiskDifference(one.Path, one.Running, one.Other));

    private static async Task<
        Results<Ok<ConfigurationAnswer>, Accepted<ConfigurationAnswer>, UnprocessableEntity<ConfigurationAnswer>, BadRequest<ApiError>>
    > ReloadAsync(
        Func<Task<bool>> reload,
        double wait,
        ConfigInspector configuration,
        ProxyStatus status,
        TimeProvider time,
        CancellationToken cancellationToken
    )
    {
        if (wait is not (>= 0 and <= MaxWait))
        {
            return TypedResults.BadRequest(new ApiError($"wait is a number of seconds from 0 to {MaxWait}."));
        }

        var reloading = reload();
        await ((Task)reloading)
            .WaitAsync(TimeSpan.FromSeconds(wait), time, cancellationToken)
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        var isKnown = wait > 0 && reloading.IsCompleted && await reloading;
        var answer = Read(configuration, status);
        return isKnown && answer.Rejected.Count > 0 ? TypedResults.UnprocessableEntity(answer)
            : isKnown && answer.Pending is null ? TypedResults.Ok(answer)
            : TypedResults.Accepted((string?)null, answer);
    }

    private static async Task<Results<Ok<ValidationAnswer>, JsonHttpResult<ApiError>>> ValidateAsync(
        HttpContext context,
        ConfigInspector configuration,
        TimeProvider time
    )
    {
        var answer = await OneAtATime.RunAsync(
            _one,
            _patience,
            time,
            () => BodyReader.ReadAsync(context, MaxBytes),
            body => JsonSize.IsAbove(body.Span, MaxValues) ? null : Answer(configuration.Review(body.Span, Posted, context.RequestAborted)),
            context.RequestAborted
        );
        return answer is null
            ? TypedResults.Json(
                new ApiError($"The document has more than {MaxValues} values, the limit here. Use proxy check, which has no such limit."),
                statusCode: StatusCodes.Status413PayloadTooLarge
            )
            : TypedResults.Ok(answer);
    }

    private static ValidationAnswer Answer(ConfigReview review) =>
        new(
            review.Errors.Count == 0,
            [.. review.Errors.Select(Problem.Of)],
            [.. review.Warnings.Select(Problem.Of)],
            [.. review.Difference.Select(static one => new PostedDifference(one.Path, one.Running, one.Other))]
        );
}
