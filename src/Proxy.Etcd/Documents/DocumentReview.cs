using System.Text.Json.Nodes;
using Microsoft.Extensions.Configuration;
using Proxy.Configuration;
using Proxy.Configuration.Reading;
using Proxy.Revisions;

namespace Proxy.Etcd.Documents;

/// <summary>What an edit of a document would do, before it is written.</summary>
/// <param name="Errors">Why it is not written; empty if it can be.</param>
/// <param name="Warnings">What is allowed and probably not intended.</param>
/// <param name="Difference">What it would change in the document.</param>
internal sealed record DocumentReview(
    IReadOnlyList<ConfigProblem> Errors,
    IReadOnlyList<ConfigProblem> Warnings,
    IReadOnlyList<ConfigDifference> Difference
)
{
    /// <summary>Checks the layers of this machine with the new text in its place, as <c>proxy check</c> does, and what else a host would refuse.</summary>
    /// <param name="sources">The layers, of which one is the document.</param>
    /// <param name="name">The name of the document.</param>
    /// <param name="before">The present text; null if there is none.</param>
    /// <param name="text">The new one.</param>
    /// <param name="cancellationToken">Ends the check.</param>
    public static DocumentReview Of(
        IConfigurationBuilder sources,
        string name,
        DocumentText? before,
        byte[] text,
        CancellationToken cancellationToken
    )
    {
        var document = sources.Sources.OfType<EngineDocumentSource>().First(source => source.Name == name).Provider!;
        var running = before is null ? null : Check(sources, document, before.Bytes, cancellationToken).Result.Revision;
        var old = before is null ? [] : Alone(document, cancellationToken);
        var (next, removed) = Check(sources, document, text, cancellationToken, running);
        var secrets = document.Current.Warnings;
        return new(
            [.. next.Errors, .. removed, .. secrets],
            [.. next.Warnings.Except(secrets)],
            document.Problem is null ? ConfigDifference.Between(old, Alone(document, cancellationToken), ProxyDocument.Secrets) : []
        );
    }

    /// <summary>Compares two texts of a document, key by key.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="engine">How the engine is reached.</param>
    /// <param name="before">The one; null for none.</param>
    /// <param name="after">The other.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public static DocumentReview Compare(string name, LocalEngine engine, byte[]? before, byte[] after, CancellationToken cancellationToken)
    {
        using var document = new EngineDocumentProvider(
            name,
            engine,
            TimeProvider.System,
            Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance
        );
        document.Use(new(before ?? "{}"u8.ToArray(), 0));
        var old = Alone(document, cancellationToken);
        document.Use(new(after, 1));
        return new(
            document.Current.Problems,
            document.Current.Warnings,
            document.Problem is null ? ConfigDifference.Between(old, Alone(document, cancellationToken), ProxyDocument.Secrets) : []
        );
    }

    private static (ReadResult Result, IReadOnlyList<ConfigProblem> Removed) Check(
        IConfigurationBuilder sources,
        EngineDocumentProvider document,
        byte[] text,
        CancellationToken cancellationToken,
        Revision? running = null
    )
    {
        document.Use(new(text, document.Shared.Newest + 1));
        var layers = new ConfigLayers(sources.Sources.Select(source => Loaded(source.Build(sources))));
        try
        {
            var result = TcpProxyExtensions.Check(layers, cancellationToken);
            return (result, LastRoutes.Check(running, result.Revision, new ConfigInput(layers, WholeDocument: true)));
        }
        finally
        {
            foreach (var file in layers.Providers.OfType<JsonFileProvider>())
            {
                file.Dispose();
            }
        }
    }

    private static IConfigurationProvider Loaded(IConfigurationProvider provider)
    {
        provider.Load();
        return provider;
    }

    // As a document of its own: what it refers to in other layers is no matter here.
    private static JsonObject Alone(EngineDocumentProvider document, CancellationToken cancellationToken) =>
        TcpProxyExtensions.Check(new ConfigLayers([document]), cancellationToken).Document;
}
