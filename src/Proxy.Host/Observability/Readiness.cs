namespace Proxy.Host.Observability;

/// <summary>Ready: a configuration is applied, its listeners are bound, and nothing drains. Says what is wrong besides.</summary>
internal static class Readiness
{
    public static Task WriteAsync(HttpContext context)
    {
        var status = context.RequestServices.GetRequiredService<ProxyStatus>();
        context.Response.StatusCode = status.Ready ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable;
        return context.Response.WriteAsJsonAsync(
            new
            {
                status = status.Draining ? "draining"
                : status.Ready ? "ready"
                : "starting",
                revision = status.Running?.Id,
                rejected = status.Rejected.Select(static problem => problem.ToString()),
                pending = status.Pending,
                restartNeeded = status.RestartNeeded,
            }
        );
    }
}
