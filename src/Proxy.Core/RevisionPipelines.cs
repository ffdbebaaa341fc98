using Microsoft.AspNetCore.Connections;
using Proxy.Configuration;

namespace Proxy;

/// <summary>The pipelines of a revision, for our listeners and for Kestrel's.</summary>
internal sealed class RevisionPipelines(PipelineBuilder builder, MountedRoutes mounted)
{
    /// <summary>Builds them, puts the mounted routes to use, and returns those of our listeners by slot.</summary>
    public Dictionary<string, ConnectionDelegate> Build(Revision revision)
    {
        var routes = builder.BuildRoutes(revision);
        mounted.Use(routes);
        return revision.Bindings.ToDictionary(
            static binding => binding.Slot,
            binding => builder.BuildEndpoint(binding, revision, routes),
            StringComparer.Ordinal
        );
    }
}
