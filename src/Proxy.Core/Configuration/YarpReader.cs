using System.Globalization;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Proxy.Configuration.Reading;
using Yarp.ReverseProxy.Configuration;

namespace Proxy.Configuration;

/// <summary>
/// Reads HTTP routes and clusters from the merged configuration with YARP's own reader, and checks them with YARP's validator.
/// </summary>
internal static class YarpReader
{
    // YARP reports errors without naming a key. Keys that may have an error already, and what YARP's messages about them contain.
    private static readonly (string Key, string Word)[] _routeCauses =
    [
        ("Match", "Hosts or Path"),
        ("Match", "path"),
        ("Match", "header"),
        ("Match", "parameter"),
        ("Match", "method"),
        ("Match", "host"),
        ("Transforms", "ransform"),
    ];
    private static readonly (string Key, string Word)[] _clusterCauses =
    [
        ("Destinations", "for destination '"),
        ("HealthCheck", "health"),
        ("HealthCheck", "probing"),
        ("HealthCheck", "available destinations policy"),
        ("HttpClient", "onnections per server"),
        ("HttpClient", "ssl protocol"),
        ("HttpRequest", "version"),
        ("SessionAffinity", "ffinity"),
        ("LoadBalancingPolicy", "load balancing"),
    ];

    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static Result Read(
        ConfigNode root,
        IReadOnlyCollection<string> policies,
        IConfigValidator validator,
        ProblemList problems,
        CancellationToken cancellationToken
    )
    {
        // Parts that are wrong already are not passed to YARP, so that it can check the rest.
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
            Validate(result, validator, problems, cancellationToken);
            return result;
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            // YARP's exceptions for unreadable values are not documented; after other errors they are probably caused by those.
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

    // YARP rejects names of policies that it does not have; TCP routes read the name from the records.
    private static ClusterConfig WithoutTcpPolicy(ClusterConfig cluster, IReadOnlyCollection<string> policies) =>
        cluster.LoadBalancingPolicy is { } name && !policies.Contains(name, StringComparer.OrdinalIgnoreCase)
            ? cluster with
            {
                LoadBalancingPolicy = null,
            }
            : cluster;

    private static void Validate(Result config, IConfigValidator validator, ProblemList problems, CancellationToken cancellationToken)
    {
        foreach (var route in config.Routes)
        {
            cancellationToken.ThrowIfCancellationRequested();
            Report($"{ProxyDocument.Section}:Routes:{route.RouteId}", validator.ValidateRouteAsync(route), _routeCauses, problems);
        }

        foreach (var cluster in config.Clusters)
        {
            cancellationToken.ThrowIfCancellationRequested();
            Report(
                $"{ProxyDocument.Section}:Clusters:{cluster.ClusterId}",
                validator.ValidateClusterAsync(cluster),
                _clusterCauses,
                problems
            );
        }
    }

    // The call completes synchronously, since the policies that it looks up by name are in memory.
    private static void Report(string path, ValueTask<IList<Exception>> checking, (string Key, string Word)[] causes, ProblemList problems)
    {
        var errors = checking.AsTask().GetAwaiter().GetResult();
        if (errors.Count == 0 || problems.IsConsequence(path))
        {
            return;
        }

        // Before they are reported, since a reported one would be a cause of the next.
        var known = causes.Where(cause => problems.IsConsequence($"{path}:{cause.Key}", $"{path}:{cause.Key}")).ToList();
        foreach (
            var exception in errors.Where(error =>
                !known.Exists(cause => error.Message.Contains(cause.Word, StringComparison.OrdinalIgnoreCase))
            )
        )
        {
            problems.Error(path, exception.Message);
        }
    }

    internal sealed record Result(IReadOnlyList<RouteConfig> Routes, IReadOnlyList<ClusterConfig> Clusters);
}
