using Proxy.Conditions;
using Proxy.Conditions.Rules;
using Proxy.Connections;
using Proxy.Diagnostics;
using Proxy.Host.Contracts;
using Proxy.Revisions;

namespace Proxy.Host.Admin;

/// <summary>
/// Answers whether the host is ready: a configuration is applied, its listeners are bound, and the host is not stopping. Authorized clients
/// also get details, such as the errors of a rejected edit.
/// </summary>
internal static class Readiness
{
    private const int MostConditions = 50;
    private static readonly TimeSpan _recent = TimeSpan.FromMinutes(1); // of what goes away by itself

    public static Task WriteAsync(HttpContext context)
    {
        var status = context.RequestServices.GetRequiredService<ProxyStatus>().Current;
        context.Response.StatusCode = status.Ready ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable;
        var word =
            status.Draining ? "draining"
            : status.Ready ? "ready"
            : "starting";
        if (!AdminMetadata.IsAuthorized(context))
        {
            context.Response.ContentType = "text/plain";
            return context.Response.WriteAsync($"{word}\n");
        }

        var conditions = context.RequestServices.GetRequiredService<ConditionRegistry>().Read();
        return context.Response.WriteAsJsonAsync(
            new
            {
                status = word,
                health = ConditionsAnswer.Of(conditions, static one => one.Level != ConditionLevel.Ok, MostConditions),
                revision = status.Running?.Id,
                readingSince = status.ReadingSince,
                rejected = status.Rejected.Select(static problem => problem.ToString()),
                pending = status.Pending,
                restartNeeded = status.RestartNeeded,
                replacedFiles = status.ReplacedFiles,
                acceptingPausedSince = context.RequestServices.GetRequiredService<Resources>().PausedSince,
                noLocalPort = PortShortages.OfProcess.Within(_recent),
            },
            ApiJson.Options
        );
    }
}
