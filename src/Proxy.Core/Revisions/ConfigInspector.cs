using System.Text.Json.Nodes;
using Microsoft.Extensions.Configuration;
using Proxy.Configuration;
using Proxy.Configuration.Reading;

namespace Proxy.Revisions;

/// <summary>
/// Shows the running configuration, the files on disk, and the effect of another document. Secrets are masked everywhere.
/// </summary>
public sealed class ConfigInspector
{
    private readonly ConfigInput _input;
    private readonly RevisionReader _reader;
    private readonly ProxyStatus _status;

    internal ConfigInspector(ConfigInput input, RevisionReader reader, ProxyStatus status)
    {
        _input = input;
        _reader = reader;
        _status = status;
    }

    /// <summary>The running configuration: all layers merged, only keys that are set.</summary>
    /// <returns>A copy; empty before the start.</returns>
    public JsonObject Document() => SecretMask.Apply(Running, ProxyDocument.Secrets) as JsonObject ?? [];

    /// <summary>The documents that the configuration is read from: files, and those that hosts share.</summary>
    /// <returns>In the order of precedence, with their present content.</returns>
    public IReadOnlyList<ConfigFile> Files() => [.. Documents().Select(static document => document.Describe(ProxyDocument.Secrets))];

    /// <summary>The documents that hosts share: which revision of each runs here, and whether there is a newer one.</summary>
    /// <returns>In the order of precedence; empty without any.</returns>
    public IReadOnlyList<SharedDocument> SharedDocuments()
    {
        var state = _status.Current;
        return
        [
            .. Documents()
                .Where(static document => document.Shared is not null)
                .Select(document => SharedDocument.Of(document, document.Shared!, state)),
        ];
    }

    /// <summary>Reads the files again, as SIGHUP does. Soon afterwards their content is applied or rejected.</summary>
    public void Reload()
    {
        foreach (var document in Documents())
        {
            document.Load();
        }
    }

    /// <summary>
    /// The differences between the running configuration and the files on disk. For a file that is not valid JSON, its last valid content
    /// counts.
    /// </summary>
    /// <returns>The differences, by path.</returns>
    public IReadOnlyList<ConfigDifference> Difference()
    {
        var now = _input.Configuration is IConfigurationRoot ? new ConfigLayers(Providers().Select(OnDisk)) : _input.Configuration;
        return ConfigDifference.Between(Running, _reader.Read(now, _input.WholeDocument).Document, ProxyDocument.Secrets);
    }

    /// <summary>Checks a document as <c>proxy check</c> does, and compares it with the running configuration.</summary>
    /// <param name="document">The document in JSON.</param>
    /// <param name="name">The name of the document in problems, in place of a file name.</param>
    /// <param name="cancellationToken">Ends the check.</param>
    /// <returns>The problems of the document, and what it would change.</returns>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public ConfigReview Review(ReadOnlySpan<byte> document, string name, CancellationToken cancellationToken = default)
    {
        using var file = new JsonFileProvider(new JsonFileSource(name) { Watch = false, Content = document.ToArray() });
        file.Load();
        var layers = new ConfigLayers([file]);
        var result = _reader.Read(layers, wholeDocument: true, cancellationToken);
        var difference = file.Problem is null ? ConfigDifference.Between(Running, result.Document, ProxyDocument.Secrets) : [];
        var lost = LastRoutes.Check(_status.Current.Running, result.Revision, new ConfigInput(layers, WholeDocument: true));
        return new([.. result.Errors, .. lost], result.Warnings, difference);
    }

    private JsonObject Running => _status.Current.Running is { } running ? JsonNode.Parse(running.Document.Span)!.AsObject() : [];

    private IEnumerable<IConfigurationProvider> Providers() =>
        _input.Configuration is IConfigurationRoot root ? ConfigTree.Flatten(root) : [];

    private IEnumerable<DocumentProvider> Documents() => Providers().OfType<DocumentProvider>();

    private static IConfigurationProvider OnDisk(IConfigurationProvider provider) =>
        provider is DocumentProvider known ? known.Newest() : provider;
}
