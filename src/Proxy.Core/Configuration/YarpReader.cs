using System.Globalization;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Proxy.Configuration.Reading;
using Yarp.ReverseProxy.Configuration;

namespace Proxy.Configuration;

/// <summary>Lets YARP's own reader turn the merged configuration into its routes and clusters, and its own validator check them.</summary>
internal static class YarpReader
{
    // Where YARP misses what we have refused: it names no key.
    private static readonly string[] _routeCauses = ["Match", "Transforms"];
    private static readonly string[] _clusterCauses = ["Destinations", "HealthCheck", "HttpClient", "SessionAffinity"];

    public static Result Read(ConfigNode root, IReadOnlyCollection<string> policies, IConfigValidator validator, ProblemList problems)
    {
        // What is wrong already is kept from YARP, so that it can judge the rest.
        var spoilt = problems.HasErrors;
        var rest = spoilt ? root.Without(problems.IsWrong) : root;
        var section = new ConfigurationRoot([new NodeConfigurationProvider(rest)]).GetSection(ProxyDocument.Section);
        try
        {
            var services = new ServiceCollection();
            services.AddReverseProxy().LoadFromConfig(section);
            var descriptor = services.Last(service => service.ServiceType == typeof(IProxyConfigProvider));
            using var logging = new ServiceCollection().AddLogging().BuildServiceProvider();
            var provider = (IProxyConfigProvider?)descriptor.ImplementationFactory?.Invoke(logging);
            using var disposable = provider as IDisposable;
            var config = provider!.GetConfig();
            var result = new Result(
                [.. config.Routes.Select(Comparable)],
                [.. config.Clusters.Select(cluster => WithoutTcpPolicy(cluster, policies))]
            );
            Validate(result, validator, problems);
            return result;
        }
        catch (Exception exception)
        {
            // What YARP throws for values it cannot read is not documented; after other errors they are what it stumbled over.
            if (!spoilt)
            {
                problems.Error(ProxyDocument.Section, $"YARP cannot read it: {exception.Message}");
            }

            return new Result([], []);
        }
    }

    // YARP 2.3 leaves a route as it is when the new one equals it, and its comparison leaves out MaxRequestBodySize (dotnet/yarp#3027).
    private static RouteConfig Comparable(RouteConfig route) =>
        route.MaxRequestBodySize is { } size
            ? route with
            {
                Metadata = new Dictionary<string, string>(route.Metadata ?? ById.Empty<string>())
                {
                    [nameof(RouteConfig.MaxRequestBodySize)] = size.ToString(CultureInfo.InvariantCulture),
                },
            }
            : route;

    // YARP refuses names it does not balance by; TCP routes read the name from our own records.
    private static ClusterConfig WithoutTcpPolicy(ClusterConfig cluster, IReadOnlyCollection<string> policies) =>
        cluster.LoadBalancingPolicy is { } name && !policies.Contains(name, StringComparer.OrdinalIgnoreCase)
            ? cluster with
            {
                LoadBalancingPolicy = null,
            }
            : cluster;

    private static void Validate(Result config, IConfigValidator validator, ProblemList problems)
    {
        foreach (var route in config.Routes)
        {
            Report($"{ProxyDocument.Section}:Routes:{route.RouteId}", validator.ValidateRouteAsync(route), _routeCauses, problems);
        }

        foreach (var cluster in config.Clusters)
        {
            Report(
                $"{ProxyDocument.Section}:Clusters:{cluster.ClusterId}",
                validator.ValidateClusterAsync(cluster),
                _clusterCauses,
                problems
            );
        }
    }

    // Asynchronous in name: what it looks up (policies by name) is in memory.
    private static void Report(string path, ValueTask<IList<Exception>> checking, string[] causes, ProblemList problems)
    {
        if (problems.IsConsequence(path, [.. causes.Select(cause => $"{path}:{cause}")]))
        {
            return;
        }

        foreach (var exception in checking.AsTask().GetAwaiter().GetResult())
        {
            problems.Error(path, exception.Message);
        }
    }

    internal sealed record Result(IReadOnlyList<RouteConfig> Routes, IReadOnlyList<ClusterConfig> Clusters);
}
