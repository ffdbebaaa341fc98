using Proxy.Configuration.Host;

namespace Proxy.Host.Admin;

/// <summary>The host at a glance.</summary>
internal static class StatusApi
{
    public static void Map(IEndpointRouteBuilder api, AdminConfig admin) =>
        api.MapGet("/status", (StatusReader reader) => reader.Read() with { AllowChanges = admin.AllowChanges })
            .WithSummary("The host at a glance: what runs, what does not, connections, process and loops.");
}
