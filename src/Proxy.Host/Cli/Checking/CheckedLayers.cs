using Proxy.Host.Hosting;

namespace Proxy.Host.Cli.Checking;

/// <summary>The layers that <c>proxy check</c> reads: files, and documents that hosts share.</summary>
internal sealed class CheckedLayers : IAsyncDisposable
{
    private readonly IAsyncDisposable? _shared;

    private CheckedLayers(IConfigurationBuilder sources, IAsyncDisposable? shared) => (Sources, _shared) = (sources, shared);

    /// <summary>The layers, which can be built.</summary>
    public IConfigurationBuilder Sources { get; }

    /// <exception cref="Etcd.Documents.DocumentException">The engine does not answer.</exception>
    /// <exception cref="Proxy.Revisions.InvalidConfigException">The files do not say how the engine is reached, or a document does not exist.</exception>
    public static async Task<CheckedLayers> OpenAsync(string[] layers, CancellationToken cancellationToken)
    {
        var sources = ConfigurationFiles.Sources(layers);
        return new(sources, Array.Exists(layers, ConfigurationFiles.IsShared) ? await ConnectAsync(sources, cancellationToken) : null);
    }

    public async ValueTask DisposeAsync()
    {
        if (_shared is not null)
        {
            await _shared.DisposeAsync();
        }
    }

    // The password of the engine is in the environment rather than in a file.
    private static async Task<IAsyncDisposable> ConnectAsync(IConfigurationBuilder sources, CancellationToken cancellationToken) =>
        await Etcd.Documents.SharedConfiguration.ReadAsync(
            sources.AddInMemoryCollection(ProxyEnvironment.Read()),
            except: null,
            Etcd.Documents.EngineConnection.ForCommand,
            cancellationToken
        );
}
