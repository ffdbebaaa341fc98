using Proxy.Etcd.Documents;

namespace Proxy.Host.Hosting;

/// <summary>The layers of a host that are documents of the engine; the engine's code is loaded only where there are some.</summary>
internal sealed class SharedLayers : IAsyncDisposable
{
    private readonly SharedConfiguration _shared;
    private readonly EngineConnection _connection;
    private readonly ILoggerFactory _loggers;

    private SharedLayers(SharedConfiguration shared, EngineConnection connection, ILoggerFactory loggers) =>
        (_shared, _connection, _loggers) = (shared, connection, loggers);

    /// <summary>Reads the documents, so that the sources can be built.</summary>
    /// <exception cref="Proxy.Revisions.InvalidConfigException">The other layers do not say how the engine is reached, or a document does not exist.</exception>
    /// <exception cref="DocumentException">The engine does not answer, and no copy was kept.</exception>
    public static async Task<SharedLayers> OpenAsync(IConfigurationBuilder sources, CancellationToken cancellationToken)
    {
        // The host with its log is made of what is read here.
        var loggers = LoggerFactory.Create(static logging =>
        {
            logging.Services.AddSingleton(TimeProvider.System);
            LineFormatter.AddTo(logging);
        });
        try
        {
            EngineConnection? connection = null;
            var shared = await SharedConfiguration.OpenAsync(
                sources,
                engine => (connection = EngineConnection.Open(engine, loggers)).Client,
                EngineConnection.Clock,
                loggers,
                cancellationToken
            );
            return new(shared, connection!, loggers);
        }
        catch
        {
            loggers.Dispose();
            throw;
        }
    }

    /// <summary>Where the newest documents are not valid with the other layers, and the kept copies are, takes these.</summary>
    public void FallBack(IConfigurationRoot configuration, CancellationToken cancellationToken) =>
        _shared.FallBack(configuration, cancellationToken);

    /// <summary>Makes the host use the same client of the engine.</summary>
    public void AddTo(IServiceCollection services) => _connection.AddTo(services);

    /// <summary>The host has started, so that changes of documents are edits until it stops.</summary>
    public void Follow(IHostApplicationLifetime host)
    {
        _shared.Follow();
        host.ApplicationStopping.Register(_shared.Stop);
    }

    public async ValueTask DisposeAsync()
    {
        await _shared.DisposeAsync();
        _loggers.Dispose();
    }
}
