using Proxy.Configuration;
using Proxy.Configuration.Reading;

namespace Proxy.Etcd.Documents;

/// <summary>What a document that hosts share must not say.</summary>
internal static class SharedRules
{
    private const string Engine = nameof(ProxyConfig.Engine);
    private const string Group = "Channels:Group";

    /// <summary>What would change how the document itself is reached.</summary>
    /// <param name="content">The content.</param>
    /// <param name="layer">The layer of the document.</param>
    /// <param name="engine">How it is reached.</param>
    public static IEnumerable<ConfigProblem> Check(JsonFileContent content, string layer, LocalEngine engine)
    {
        if (content.Lines.TryGetValue(Engine, out var line))
        {
            yield return new(
                Engine,
                "says how the engine is reached, so it cannot be read from there; put it into a local file or into the environment.",
                layer,
                line
            );
        }

        if (engine.Config.Group is null && content.Values.TryGetValue(Group, out var group) && group is not null && group != engine.Group)
        {
            yield return new(
                Group,
                $"is another group than '{engine.Group}', from which the document is read; set Engine:Group in a local file or in the environment.",
                layer,
                content.Lines[Group]
            );
        }
    }

    /// <summary>The secrets in a document, which any client with the right to read the engine can read.</summary>
    /// <param name="content">The content.</param>
    /// <param name="layer">The layer of the document.</param>
    public static IEnumerable<ConfigProblem> Secrets(JsonFileContent content, string layer) =>
        content
            .Values.Where(static pair => !string.IsNullOrEmpty(pair.Value) && IsSecret(pair.Key, pair.Value))
            .Select(pair => new ConfigProblem(
                pair.Key,
                "is a secret, which whoever may read the engine could read; set it in another layer of each host: a local file or an environment variable.",
                layer,
                content.Lines.TryGetValue(pair.Key, out var line) ? line : null
            ));

    private static bool IsSecret(string path, string value) => ProxyDocument.Secrets.At(path).IsSecret || HasPassword(value);

    private static bool HasPassword(string value) =>
        value.Contains("://", StringComparison.Ordinal)
        && Uri.TryCreate(value, UriKind.Absolute, out var uri)
        && uri.UserInfo.Split(':', 2) is [_, { Length: > 0 }];
}
