using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Yarp.ReverseProxy.Configuration;

namespace Proxy.Configuration;

/// <summary>Reads, checks and merges a configuration: HTTP and TCP together, every error at once.</summary>
/// <param name="names">Names it is checked against.</param>
public sealed class RevisionReader(ConfigurationNames names)
{
    private const string SectionName = "ReverseProxy";

    /// <summary>Reads. Never throws for what a user may have written.</summary>
    /// <param name="configuration">The root of a document, or its section <c>ReverseProxy</c>.</param>
    /// <param name="wholeDocument">Which of both.</param>
    /// <returns>A revision, or all errors.</returns>
    public ReadResult Read(IConfiguration configuration, bool wholeDocument)
    {
        var files = (configuration as IConfigurationRoot)?.Providers.OfType<JsonFileProvider>().Reverse().ToList() ?? [];
        var errors = files.Select(static file => file.Problem).OfType<ConfigProblem>().ToList();
        var warnings = new List<ConfigProblem>();
        var snapshot = MergedConfiguration.Merge(configuration);
        var walker = new ConfigWalker((path, message) => errors.Add(Locate(path, message, files)));
        var config = wholeDocument
            ? walker.Read<ProxyConfig>(snapshot, "")
            : new ProxyConfig { ReverseProxy = walker.Read<ReverseProxyConfig>(snapshot, SectionName) };
        IConfiguration section = wholeDocument ? snapshot.GetSection(SectionName) : snapshot;
        var (routes, clusters) = ReadYarp(section, message => errors.Add(new(SectionName, message)));
        var bindings = new ConfigValidator(
            config,
            names,
            (path, message) => errors.Add(Locate(path, message, files)),
            (path, message) => warnings.Add(Locate(path, message, files))
        ).Validate();
        return errors.Count > 0
            ? new(null, errors)
            : new(
                new Revision
                {
                    Id = Identify(snapshot),
                    Config = config,
                    Bindings = bindings,
                    HttpRoutes = routes,
                    Clusters = clusters,
                    Warnings = warnings,
                    Snapshot = snapshot,
                },
                []
            );
    }

    private static ConfigProblem Locate(string path, string message, IEnumerable<JsonFileProvider> files)
    {
        foreach (var file in files)
        {
            if (file.LineOf(path) is { } line)
            {
                return new(path, message, file.File, line);
            }
        }

        return new(path, message);
    }

    // YARP's reader is not public; what it registers for a section is.
    private static (IReadOnlyList<RouteConfig> Routes, IReadOnlyList<ClusterConfig> Clusters) ReadYarp(
        IConfiguration section,
        Action<string> error
    )
    {
        var services = new ServiceCollection();
        services.AddLogging();
        services.AddReverseProxy().LoadFromConfig(section);
        try
        {
            using var provider = services.BuildServiceProvider();
            var config = provider.GetRequiredService<IProxyConfigProvider>().GetConfig();
            return (config.Routes, config.Clusters);
        }
        catch (Exception exception)
        {
            error(exception.Message);
            return ([], []);
        }
    }

    private static string Identify(IConfiguration snapshot)
    {
        var canonical = JsonSerializer.SerializeToUtf8Bytes(
            snapshot.AsEnumerable().OrderBy(static pair => pair.Key, StringComparer.OrdinalIgnoreCase)
        );
        return Convert.ToHexStringLower(SHA256.HashData(canonical))[..12];
    }
}
