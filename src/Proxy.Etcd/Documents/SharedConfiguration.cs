using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Proxy.Configuration.Reading;
using Proxy.Etcd.Client;
using Proxy.Revisions;

namespace Proxy.Etcd.Documents;

/// <summary>
/// The documents that hosts share among the layers of a configuration. The layers of this machine are read first, since they say how the engine is reached; then the
/// documents are, and the whole can be built.
/// </summary>
internal sealed partial class SharedConfiguration : IAsyncDisposable
{
    private readonly IReadOnlyList<EngineDocumentProvider> _documents;
    private readonly ILogger _logger;

    private SharedConfiguration(IReadOnlyList<EngineDocumentProvider> documents, LocalEngine engine, IKeyStore store, ILogger logger)
    {
        (_documents, Engine, Store, _logger) = (documents, engine, store, logger);
    }

    /// <summary>How the engine is reached.</summary>
    public LocalEngine Engine { get; }

    /// <summary>The keys of the engine; the same ones that the host uses.</summary>
    public IKeyStore Store { get; }

    /// <summary>Reads and writes the documents.</summary>
    public DocumentStore Documents => new(Store, Engine.Keys);

    /// <summary>Whether some layer is a document that hosts share.</summary>
    public static bool IsIn(IConfigurationBuilder sources) => sources.Sources.OfType<EngineDocumentSource>().Any();

    /// <summary>Reads how the engine is reached, without reading any document.</summary>
    /// <param name="sources">The layers.</param>
    /// <param name="layer">The layer that needs it, for the message.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <exception cref="InvalidConfigException">The layers of this machine do not say how, or are wrong.</exception>
    public static LocalEngine ReadEngine(IConfigurationBuilder sources, string layer, CancellationToken cancellationToken)
    {
        var local = new ConfigurationBuilder();
        foreach (var source in sources.Sources.Where(static source => source is not EngineDocumentSource))
        {
            local.Add(source);
        }

        var root = local.Build();
        using var disposing = root as IDisposable;
        return LocalEngine.Read(root, layer, cancellationToken);
    }

    /// <summary>Reads the documents for a host that is to run: an engine that is away is waited for, and then the copies are used that were kept; so they are of
    /// documents that do not exist any longer.</summary>
    /// <param name="sources">The layers, which can be built then.</param>
    /// <param name="connect">Makes the client of the engine.</param>
    /// <param name="time">The clock.</param>
    /// <param name="loggers">The log.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="InvalidConfigException">The layers of this machine do not say how the engine is reached, or a document does not exist and no copy was kept.</exception>
    /// <exception cref="DocumentException">The engine does not answer, and no copy was kept.</exception>
    public static async Task<SharedConfiguration> OpenAsync(
        IConfigurationBuilder sources,
        Func<LocalEngine, IKeyStore> connect,
        TimeProvider time,
        ILoggerFactory loggers,
        CancellationToken cancellationToken
    )
    {
        var needed = sources.Sources.OfType<EngineDocumentSource>().ToList();
        var engine = ReadEngine(sources, DocumentName.Layer(needed[0].Name), cancellationToken);
        var logger = loggers.CreateLogger<SharedConfiguration>();
        var store = connect(engine);
        var shared = new SharedConfiguration(
            [.. needed.Select(source => source.Provider = new(source.Name, engine, time, logger))],
            engine,
            store,
            logger
        );
        try
        {
            foreach (var document in shared._documents)
            {
                document.Watch(store);
            }

            await Task.WhenAll(shared._documents.Select(document => shared.StartAsync(document, cancellationToken)));
            return shared;
        }
        catch
        {
            await shared.DisposeAsync();
            throw;
        }
    }

    /// <summary>Reads the documents once, for a check: nothing is watched, and no copy is used.</summary>
    /// <param name="sources">The layers, which can be built then.</param>
    /// <param name="except">The name of a document that is not read, since another text is put in its place; null for none.</param>
    /// <param name="connect">Makes the client of the engine.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="InvalidConfigException">The layers of this machine do not say how the engine is reached, or a document does not exist.</exception>
    /// <exception cref="DocumentException">The engine does not answer.</exception>
    public static async Task<SharedConfiguration> ReadAsync(
        IConfigurationBuilder sources,
        string? except,
        Func<LocalEngine, IKeyStore> connect,
        CancellationToken cancellationToken
    )
    {
        var needed = sources.Sources.OfType<EngineDocumentSource>().ToList();
        var engine = ReadEngine(sources, DocumentName.Layer(needed[0].Name), cancellationToken);
        var documents = needed.ConvertAll(source => source.Provider = new(source.Name, engine, TimeProvider.System, NullLogger.Instance));
        var shared = new SharedConfiguration(documents, engine, connect(engine), NullLogger.Instance);
        try
        {
            foreach (var source in needed.Where(source => source.Name != except))
            {
                source.Provider!.Use(await shared.Documents.GetAsync(source.Name, cancellationToken) ?? throw Missing(source.Provider));
            }

            return shared;
        }
        catch
        {
            await shared.DisposeAsync();
            throw;
        }
    }

    /// <summary>
    /// Checks the whole. Where the newest contents are not valid, and the kept copies are, the host starts with these, and the newest come as an edit.
    /// </summary>
    /// <param name="configuration">What was built of the layers.</param>
    /// <param name="cancellationToken">Ends the check.</param>
    public void FallBack(IConfigurationRoot configuration, CancellationToken cancellationToken)
    {
        var newest = TcpProxyExtensions.Check(configuration, cancellationToken);
        var fresh = _documents.Where(static document => !document.Shared.IsKept).ToList();
        if (newest.Errors.Count == 0 || fresh.Count == 0)
        {
            return;
        }

        var kept = fresh.ConvertAll(static document => (Document: document, Revision: document.UseKept()));
        if (
            kept.TrueForAll(static one => one.Revision is null)
            || TcpProxyExtensions.Check(configuration, cancellationToken).Errors.Count > 0
        )
        {
            fresh.ForEach(static document => document.UseNewest()); // whose errors are told
            return;
        }

        foreach (var (document, revision) in kept.Where(static one => one.Revision is not null))
        {
            Log.Back(_logger, document.Name, revision!.Value, newest.Errors[0]);
        }
    }

    /// <summary>The host has started, so that changes of documents are edits.</summary>
    public void Follow()
    {
        foreach (var document in _documents)
        {
            document.Follow();
        }
    }

    /// <summary>The host stops, so that no document is watched any longer.</summary>
    public void Stop()
    {
        foreach (var document in _documents)
        {
            document.Dispose();
        }
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        Stop();

        if (Store is IAsyncDisposable disposable)
        {
            await disposable.DisposeAsync();
        }
        else
        {
            (Store as IDisposable)?.Dispose();
        }
    }

    private async Task StartAsync(EngineDocumentProvider document, CancellationToken cancellationToken)
    {
        var patience = Engine.Patience;
        if (await document.WaitAsync(patience, cancellationToken))
        {
            if (document.Exists)
            {
                document.UseNewest();
                return;
            }

            // As a host that runs, which goes on with its last content when the document is removed.
            Log.Lost(_logger, document.Name, document.UseKept() ?? throw Missing(document), document.LocalFile!);
            return;
        }

        var reason = document.Shared.Stale ?? "It has not answered.";
        if (document.UseKept() is not { } revision)
        {
            throw new DocumentException(
                $"{document.Name} cannot be read within {patience.TotalSeconds:0.#} s, and no copy of it was kept in {document.LocalFile}: {reason}",
                isInput: false
            );
        }

        Log.Kept(_logger, document.Name, revision, document.LocalFile!, reason);
    }

    private static InvalidConfigException Missing(EngineDocumentProvider document)
    {
        var name = document.Name[DocumentProvider.EnginePrefix.Length..];
        var copy = File.Exists(document.LocalFile)
            ? $" {document.LocalFile} has what it was when it was last used here, behind a first line."
            : "";
        return new([new("", $"does not exist in the engine; write it with 'proxy config put {name} FILE'.{copy}", document.Name)]);
    }

    private static partial class Log
    {
        [LoggerMessage(
            LogLevel.Warning,
            "{Document} cannot be read, so revision {Revision} is used, which was kept in {File}, until the engine answers: {Reason}"
        )]
        public static partial void Kept(ILogger logger, string document, long revision, string file, string reason);

        [LoggerMessage(
            LogLevel.Warning,
            "{Document} does not exist in the engine, so the host starts with revision {Revision}, which was kept in {File}."
        )]
        public static partial void Lost(ILogger logger, string document, long revision, string file);

        [LoggerMessage(
            LogLevel.Warning,
            "{Document} is not valid with the other layers, so the host starts with revision {Revision}, which was kept and is: {Problem}"
        )]
        public static partial void Back(ILogger logger, string document, long revision, ConfigProblem problem);
    }
}
