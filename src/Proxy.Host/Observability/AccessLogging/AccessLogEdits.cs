using Microsoft.Extensions.Primitives;
using Proxy.Configuration;
using Proxy.Configuration.Host;
using Proxy.Configuration.Reading;
using Proxy.Diagnostics;
using Proxy.Revisions;

namespace Proxy.Host.Observability.AccessLogging;

/// <summary>Applies edits of the section <c>Log</c> to the access log as soon as the revision runs.</summary>
internal sealed class AccessLogEdits(AccessLog log, ProxyStatus status, Revision first, TimeProvider time, ILogger<AccessLog> logger)
    : IHostedService,
        IDisposable
{
    private const string PathKey = "Log:Access:Path";

    private readonly Lock _gate = new(); // guards _config
    private AccessLogConfig _config = first.Config.Log.Access;
    private IDisposable? _watching;

    /// <summary>Registers the access log. Its file is opened once beforehand, so that a wrong path is a configuration error at start.</summary>
    /// <exception cref="InvalidConfigException">The file cannot be opened.</exception>
    public static void AddTo(IServiceCollection services, Revision first, IConfigurationRoot configuration)
    {
        var config = first.Config.Log.Access;
        TryOpen(config, configuration);
        services.AddSingleton(provider =>
        {
            var time = provider.GetRequiredService<TimeProvider>();
            var logger = provider.GetRequiredService<ILogger<AccessLog>>();
            return new AccessLog(
                Output(config, time, logger),
                Options(config),
                provider.GetRequiredService<ConnectionTracker>(),
                time,
                logger
            );
        });
        services.AddHostedService(provider => ActivatorUtilities.CreateInstance<AccessLogEdits>(provider, first));
    }

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _watching = ChangeToken.OnChange(status.WatchRunning, Apply);
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose() => _watching?.Dispose();

    private void Apply()
    {
        lock (_gate)
        {
            var config = (status.Current.Running ?? first).Config.Log.Access;
            if (config != _config)
            {
                var moved = (config.Path, config.MaxBytes, config.Files) != (_config.Path, _config.MaxBytes, _config.Files);
                log.Apply(Options(config), moved ? Output(config, time, logger) : null);
                _config = config;
            }
        }
    }

    private static AccessLogOptions Options(AccessLogConfig config) =>
        new()
        {
            Json = config.Format == AccessLogFormat.Json,
            Start = config.Start,
            Interval = config.Interval,
        };

    private static IAccessLogOutput Output(AccessLogConfig config, TimeProvider time, ILogger logger) =>
        config.Path is { } path ? new RotatingFile(path, config.MaxBytes, config.Files, time, logger) : new StandardOutput();

    private static void TryOpen(AccessLogConfig config, IConfigurationRoot configuration)
    {
        if (config.Path is null)
        {
            return;
        }

        try
        {
            using var file = Output(config, TimeProvider.System, Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance);
            file.Open();
        }
        catch (NoReaderException)
        {
            // Not an error: a reader may open the pipe later.
        }
        catch (IOException exception)
        {
            throw new InvalidConfigException([Locate($"the file cannot be opened: {exception.Message}", configuration)]);
        }
    }

    private static ConfigProblem Locate(string message, IConfigurationRoot configuration)
    {
        // If several documents contain the key, the value of the last one is used.
        var document = configuration
            .Providers.OfType<DocumentProvider>()
            .LastOrDefault(static document => document.LineOf(PathKey) is not null);
        return new ConfigProblem(PathKey, message, document?.Name, document?.LineOf(PathKey));
    }
}
