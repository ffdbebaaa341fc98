using Proxy.Multiplexing;

namespace Proxy.Host.Admin;

/// <summary>The multiplexers, by destination: clients, what waits, what is in flight, what went wrong; renewing the upstream connections.</summary>
internal static class MultiplexApi
{
    public static void Map(IEndpointRouteBuilder endpoints)
    {
        endpoints.MapGet("/api/multiplex", static context => ApiJson.WriteAsync(context, Multiplexers(context).Status));
        endpoints.MapGet("/api/multiplex/{cluster}/{destination}", WriteAsync);
        endpoints.MapPost("/api/multiplex/{cluster}/{destination}/renew", RenewAsync);
    }

    private static Task RenewAsync(HttpContext context)
    {
        Multiplexers(context).Renew(ApiPath.Id(context, "cluster"), ApiPath.Id(context, "destination"));
        return WriteAsync(context);
    }

    private static Task WriteAsync(HttpContext context)
    {
        var (cluster, destination) = (ApiPath.Id(context, "cluster"), ApiPath.Id(context, "destination"));
        return Multiplexers(context).Find(cluster, destination) is { } found
            ? ApiJson.WriteAsync(context, found)
            : ApiJson.WriteErrorAsync(
                context,
                StatusCodes.Status404NotFound,
                $"No destination '{destination}' of a cluster '{cluster}' is multiplexed."
            );
    }

    private static MultiplexRegistry Multiplexers(HttpContext context) => context.RequestServices.GetRequiredService<MultiplexRegistry>();
}
