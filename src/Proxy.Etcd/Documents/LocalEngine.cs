using System.Text.Json;
using Microsoft.Extensions.Configuration;
using Proxy.Configuration;
using Proxy.Configuration.Engine;
using Proxy.Configuration.Reading;
using Proxy.Etcd.Client;
using Proxy.Revisions;

namespace Proxy.Etcd.Documents;

/// <summary>How this machine reaches the engine: what the layers say that are not documents of the engine.</summary>
/// <param name="Config">The section Engine.</param>
/// <param name="Group">The group.</param>
internal sealed record LocalEngine(EngineConfig Config, string Group)
{
    // Everything else may stand in the documents, so that it is not complete here.
    private static readonly string[] _needed = ["Engine", "Channels:Group", "Channels:Instance"];

    /// <summary>The names of the keys.</summary>
    public EngineKeys Keys { get; } = new(Config.Etcd!.Prefix, Group);

    /// <summary>How long a start waits for the engine.</summary>
    public TimeSpan Patience => Config.Etcd!.Timeout * 2;

    /// <summary>Reads it.</summary>
    /// <param name="local">The layers of this machine alone.</param>
    /// <param name="layer">The layer that needs it, for the message.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <exception cref="InvalidConfigException">The section is missing or wrong, or a file cannot be read.</exception>
    public static LocalEngine Read(IConfigurationRoot local, string layer, CancellationToken cancellationToken)
    {
        var read = TcpProxyExtensions.Check(local, cancellationToken);
        List<ConfigProblem> errors =
        [
            .. read.Errors.Where(static problem => problem.Path.Length == 0 || _needed.Any(key => IsBelow(problem.Path, key))),
        ];
        var config = read.Document.Deserialize<ProxyConfig>(ConfigTypes.Options);
        if (errors.Count == 0 && config?.Engine?.Etcd is not { Endpoints.Count: > 0 })
        {
            errors.Add(
                new(
                    "Engine",
                    $"is missing, and {layer} is read from the engine; say how it is reached in a local file or in the environment: \"Engine\": {{ \"Etcd\": {{ \"Endpoints\": [\"https://…:2379\"] }} }}."
                )
            );
        }

        return errors.Count > 0
            ? throw new InvalidConfigException(errors)
            : new(config!.Engine!, EngineNames.Complete(config.Engine!, config.Channels, Environment.MachineName).Group!);
    }

    private static bool IsBelow(string path, string key) =>
        path.Equals(key, StringComparison.OrdinalIgnoreCase) || path.StartsWith($"{key}:", StringComparison.OrdinalIgnoreCase);
}
