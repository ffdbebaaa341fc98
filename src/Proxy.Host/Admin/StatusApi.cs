using Proxy.Configuration.Host;

namespace Proxy.Host.Admin;

/// <summary>An overview of the host.</summary>
internal static class StatusApi
{
    public static void Map(IEndpointRouteBuilder api, AdminConfig admin) =>
        api.MapGet("/status", (StatusReader reader) => reader.Read() with { AllowChanges = admin.AllowChanges })
            .WithSummary("An overview of the host: revision, rejected edit, connections, process and event loops.");
}
