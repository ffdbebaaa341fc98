using Proxy.Channels;
using Proxy.Engine;
using Proxy.Host.Contracts;
using DrainAnswer = Microsoft.AspNetCore.Http.HttpResults.Results<
    Microsoft.AspNetCore.Http.HttpResults.Ok<Proxy.Channels.MemberStatus>,
    Microsoft.AspNetCore.Http.HttpResults.NoContent,
    Microsoft.AspNetCore.Http.HttpResults.BadRequest<Proxy.Host.Contracts.ApiError>,
    Microsoft.AspNetCore.Http.HttpResults.NotFound<Proxy.Host.Contracts.ApiError>,
    Microsoft.AspNetCore.Http.HttpResults.JsonHttpResult<Proxy.Host.Contracts.ApiError>
>;

namespace Proxy.Host.Admin;

/// <summary>The members of the group, and draining them.</summary>
internal static class MemberApi
{
    public static void Map(IEndpointRouteBuilder api)
    {
        api.MapGet(
                "/members",
                static (ChannelRegistry channels, KnownConditions known) =>
                    new MembersAnswer(channels.IsStale, [.. channels.Members().Select(known.With)]) { Lost = channels.Lost }
            )
            .WithSummary("The other instances of the group.");
        api.MapPost(
                "/members/{member}/drain",
                static (
                    string member,
                    ChannelRegistry channels,
                    KnownConditions known,
                    FleetDraining fleet,
                    HttpContext context,
                    bool allHosts = false
                ) =>
                    allHosts
                        ? SetForAllAsync(member, isDrained: true, channels, known, fleet, context)
                        : Task.FromResult(Answer(channels.TryDrain(member), member, channels, known))
            )
            .WithSummary(
                "Stops new tunnels to a member, of clients for which a member is chosen, until undrain or a restart; open ones continue. With allHosts=true at all hosts of the fleet, until undrain for all."
            )
            .ProducesProblems(StatusCodes.Status503ServiceUnavailable);
        api.MapPost(
                "/members/{member}/undrain",
                static (
                    string member,
                    ChannelRegistry channels,
                    KnownConditions known,
                    FleetDraining fleet,
                    HttpContext context,
                    bool allHosts = false
                ) =>
                    allHosts
                        ? SetForAllAsync(member, isDrained: false, channels, known, fleet, context)
                        : Task.FromResult(Answer(channels.TryUndrain(member), member, channels, known))
            )
            .WithSummary(
                "Ends the drain of a member at this host, or with allHosts=true that of all hosts. 204 if this host knows no such member."
            )
            .ProducesProblems(StatusCodes.Status503ServiceUnavailable);
    }

    private static async Task<DrainAnswer> SetForAllAsync(
        string member,
        bool isDrained,
        ChannelRegistry channels,
        KnownConditions known,
        FleetDraining fleet,
        HttpContext context
    )
    {
        if (fleet.Missing is { } missing)
        {
            return TypedResults.BadRequest(missing);
        }

        var target = new DrainTarget(null, member);
        var isKnown = Find(member, channels) is not null;
        if (!isKnown && (isDrained || !await fleet.MayHaveAsync(target, context.RequestAborted)))
        {
            return TypedResults.NotFound(NotFoundError(member));
        }

        return await fleet.SetAsync(target, isDrained, context) is { } failure
                ? TypedResults.Json(failure, statusCode: StatusCodes.Status503ServiceUnavailable)
            : isKnown ? Answer(done: true, member, channels, known)
            : TypedResults.NoContent();
    }

    private static DrainAnswer Answer(bool done, string member, ChannelRegistry channels, KnownConditions known) =>
        done && Find(member, channels) is { } found ? TypedResults.Ok(known.With(found)) : TypedResults.NotFound(NotFoundError(member));

    private static MemberStatus? Find(string member, ChannelRegistry channels) =>
        channels.Members().FirstOrDefault(one => one.Id == member);

    private static ApiError NotFoundError(string member) => new($"There is no member '{member}'.");
}
