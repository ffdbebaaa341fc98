using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Proxy.Routes;

/// <summary>Registers the building of pipelines, with one factory per kind of route.</summary>
internal static class RouteServices
{
    public static void AddRoutes(this IServiceCollection services)
    {
        services.TryAddEnumerable([
            ServiceDescriptor.Singleton<IRouteFactory, ForwardRouteFactory>(),
            ServiceDescriptor.Singleton<IRouteFactory, LockRouteFactory>(),
            ServiceDescriptor.Singleton<IRouteFactory, MultiplexRouteFactory>(),
            ServiceDescriptor.Singleton<IRouteFactory, ConnectorRouteFactory>(),
            ServiceDescriptor.Singleton<IRouteFactory, HttpRouteFactory>(),
        ]);
        services.TryAddSingleton<EdgeDependencies>();
        services.TryAddSingleton<PipelineBuilder>();
        services.TryAddSingleton<MountedRoutes>();
    }
}
