using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Yarp.ReverseProxy.Configuration;

namespace Proxy.Configuration;

/// <summary>Lets YARP's own reader turn the merged configuration into its routes and clusters, and its own validator check them.</summary>
internal static class YarpReader
{
    public static Result Read(IConfiguration section, IConfigValidator validator, ProblemList problems)
    {
        try
        {
            var services = new ServiceCollection();
            services.AddReverseProxy().LoadFromConfig(section);
            var descriptor = services.Last(service => service.ServiceType == typeof(IProxyConfigProvider));
            using var logging = new ServiceCollection().AddLogging().BuildServiceProvider();
            var provider = (IProxyConfigProvider?)descriptor.ImplementationFactory?.Invoke(logging);
            using var disposable = provider as IDisposable;
            var config = provider!.GetConfig();
            Validate(config, validator, problems);
            return new Result(config.Routes, config.Clusters);
        }
        catch (Exception exception)
        {
            // What YARP throws for values it cannot read is not documented.
            problems.Error(ConfigTree.Section, $"YARP cannot read it: {exception.Message}");
            return new Result([], []);
        }
    }

    private static void Validate(IProxyConfig config, IConfigValidator validator, ProblemList problems)
    {
        foreach (var route in config.Routes)
        {
            Report($"{ConfigTree.Section}:Routes:{route.RouteId}", validator.ValidateRouteAsync(route), problems);
        }

        foreach (var cluster in config.Clusters)
        {
            Report($"{ConfigTree.Section}:Clusters:{cluster.ClusterId}", validator.ValidateClusterAsync(cluster), problems);
        }
    }

    // Asynchronous in name: what it looks up (policies by name) is in memory.
    private static void Report(string path, ValueTask<IList<Exception>> checking, ProblemList problems)
    {
        foreach (var exception in checking.AsTask().GetAwaiter().GetResult())
        {
            problems.Error(path, exception.Message);
        }
    }

    internal sealed record Result(IReadOnlyList<RouteConfig> Routes, IReadOnlyList<ClusterConfig> Clusters);
}
