using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Configuration;
using Proxy.Configuration.Channels;
using Proxy.Configuration.Clusters;
using Proxy.Configuration.Endpoints;
using Proxy.Configuration.Engine;
using Proxy.Configuration.Host;
using Proxy.Configuration.Reading;
using Proxy.Configuration.Routes;
using Yarp.ReverseProxy.Configuration;

namespace Proxy.Configuration;

/// <summary>Reads a configuration into a revision, or reports all its errors.</summary>
/// <param name="names">Returns the names registered in code; called at each reading, since routes may be mounted later.</param>
/// <param name="yarp">YARP's own validator.</param>
internal sealed class RevisionReader(Func<ConfigNames> names, IConfigValidator yarp)
{
    private const int IdLength = 12;
    private static readonly TcpClusterConfig _defaults = new();

    /// <summary>Reads and validates a configuration; never throws for invalid input.</summary>
    /// <param name="configuration">The whole document, or the ReverseProxy section.</param>
    /// <param name="wholeDocument">Whether it is the whole document.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public ReadResult Read(IConfiguration configuration, bool wholeDocument, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        var shape = ProxyDocument.Shape(wholeDocument);
        var problems = new ProblemList(configuration, shape);
        try
        {
            var versions = new Dictionary<string, long>(StringComparer.Ordinal);
            var root = ConfigTree.Read(configuration, shape, problems, versions, cancellationToken);
            RootKeys.Check(root, problems);
            var json = new ConfigWalker(problems, wholeDocument, cancellationToken).Read(root, shape.Root, null) as JsonObject ?? [];
            var revision = Read(root, json, wholeDocument, versions, problems, cancellationToken);
            return new ReadResult(problems.HasErrors ? null : revision, problems.Errors, problems.Warnings) { Document = json };
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            // Unexpected input must not end the program.
            problems.Error("", $"cannot be read: {exception.Message}");
            return new ReadResult(null, problems.Errors, problems.Warnings);
        }
    }

    private Revision? Read(
        ConfigNode root,
        JsonObject json,
        bool wholeDocument,
        IReadOnlyDictionary<string, long> versions,
        ProblemList problems,
        CancellationToken cancellationToken
    )
    {
        var known = names();
        var config = json.Deserialize<ProxyConfig>(ConfigTypes.Options) ?? new ProxyConfig();
        cancellationToken.ThrowIfCancellationRequested();
        IdValidator.Check(config.ReverseProxy, problems);
        AdminValidator.Check(config.Admin, root, problems);
        ChannelsValidator.Check(config.Channels, config.Engine?.Etcd is not null, config.Engine?.Group, known, problems);
        EngineValidator.Check(config.Engine, config.ReverseProxy.TcpRoutes, problems);
        if (config.Transport.Kind == TransportKind.Epoll && !OperatingSystem.IsLinux())
        {
            problems.Error("Transport:Kind", "'Epoll' needs Linux; use 'Auto'.");
        }

        if (wholeDocument)
        {
            KestrelValidator.Check(root, config.Kestrel, problems);
            LogValidator.Check(root, config.Log.Access, problems);
            AccessLogPath.Check(config, problems);
            LogValidator.CheckLevels(config.Logging, problems);
            WarnOfUnreachableHttp(config, problems);
        }

        ClusterValidator.Check(config.ReverseProxy.Clusters, config.ReverseProxy.UsedClusters(), known, problems, cancellationToken);
        var conditions = RouteValidator.Check(config.ReverseProxy, known, problems, cancellationToken);
        PassedTlsValidator.Check(config.ReverseProxy, conditions, problems);
        ConnectorValidator.Check(config.ReverseProxy, config.Channels?.Called() ?? [], problems, cancellationToken);
        HttpModeValidator.Check(config.ReverseProxy, wholeDocument || known.ServesHttp, problems);
        HttpReachValidator.Check(config.ReverseProxy, config.Kestrel, problems);
        LockRouteValidator.Check(config.ReverseProxy, known, problems, cancellationToken);
        MultiplexRouteValidator.Check(config.ReverseProxy, known, problems, cancellationToken);
        var limits = RouteLimitsValidator.Check(config.ReverseProxy.TcpRoutes, problems);
        var networks = EndpointValidator.Check(config.ReverseProxy.TcpEndpoints, problems);
        var bindings = new BindingBuilder(config.ReverseProxy, known, conditions, networks, problems).Build(cancellationToken);
        BindingValidator.Check(bindings, config.ReverseProxy, problems, cancellationToken);
        PortRangeValidator.Check(bindings, config.ReverseProxy, problems, cancellationToken);
        var nothing = config.ReverseProxy is { TcpRoutes.Count: 0, Routes.Count: 0 };
        var onPurpose = root.Find(ProxyDocument.Section) is { IsEmptyObject: true, HasChildren: false }; // not one whose keys are all null
        if (wholeDocument && nothing && !onPurpose && config.Channels is null)
        {
            problems.Warn(
                ProxyDocument.Section,
                $"has no route, so nothing is served; add one, or write \"{ProxyDocument.Section}\": {{}} if that is intended."
            );
        }

        var http = YarpReader.Read(root, known.HttpLoadBalancingPolicies, yarp, problems, cancellationToken);
        if (problems.HasErrors)
        {
            return null;
        }

        var document = JsonSerializer.SerializeToUtf8Bytes(json);
        return new Revision
        {
            Id = Convert.ToHexStringLower(SHA256.HashData(document))[..IdLength],
            Config = config,
            Bindings = bindings,
            Limits = limits,
            HttpRoutes = http.Routes,
            Clusters = [.. http.Clusters.Select(cluster => WithProbes(cluster, config.ReverseProxy.Clusters))],
            Warnings = problems.Warnings,
            IsEmptyOnPurpose = onPurpose,
            Document = document,
            Versions = versions,
            Secrets = SecretValues.Find(json, ProxyDocument.Secrets),
            Snapshot = new ConfigurationRoot([new NodeConfigurationProvider(root.Without(IsReverseProxy))]),
        };
    }

    // YARP's checks know a cluster by YARP's record of it.
    private static ClusterConfig WithProbes(ClusterConfig cluster, IReadOnlyDictionary<string, ClusterSection> clusters)
    {
        var tcp = clusters[cluster.ClusterId].Tcp;
        var own = new (string Key, string? Value)[]
        {
            (TcpClusterConfig.HeaderMetadata, tcp.SendProxyProtocol == ProxyProtocolVersion.None ? null : tcp.SendProxyProtocol.ToString()),
            (TcpClusterConfig.TlsMetadata, tcp.Tls?.ToText()),
            (TcpClusterConfig.ProbeSendMetadata, tcp.Probe?.Send),
            (TcpClusterConfig.ProbeExpectMetadata, tcp.Probe?.Expect),
            (TcpClusterConfig.ProbeMinimumMetadata, tcp.Probe?.MinimumBytes.ToString(CultureInfo.InvariantCulture)),
            (TcpClusterConfig.RiseMetadata, tcp.Rise == _defaults.Rise ? null : tcp.Rise.ToString(CultureInfo.InvariantCulture)),
            (TcpClusterConfig.FallMetadata, tcp.Fall == _defaults.Fall ? null : tcp.Fall.ToString(CultureInfo.InvariantCulture)),
            (TcpClusterConfig.CloseMetadata, tcp.CloseOnUnhealthy ? bool.TrueString : null),
        };
        return own.All(static pair => pair.Value is null)
            ? cluster
            : cluster with
            {
                Metadata = (cluster.Metadata ?? ById.Empty<string>())
                    .Concat(
                        own.Where(static pair => pair.Value is not null).Select(static pair => KeyValuePair.Create(pair.Key, pair.Value!))
                    )
                    .ToDictionary(),
            };
    }

    private static void WarnOfUnreachableHttp(ProxyConfig config, ProblemList problems)
    {
        if (
            config.ReverseProxy.Routes.Count > 0
            && config.Kestrel is not { Endpoints.Count: > 0 }
            && config.ReverseProxy.TcpRoutes.Values.All(static route => route.Mode != TcpMode.Http)
        )
        {
            problems.Warn(
                $"{ProxyDocument.Section}:Routes",
                """there is no HTTP endpoint, so no request can reach these routes; add "Kestrel": { "Endpoints": { "Http": { "Url": "http://*:8080" } } }."""
            );
        }
    }

    private static bool IsReverseProxy(string path) => path.Equals(ProxyDocument.Section, StringComparison.OrdinalIgnoreCase);
}
