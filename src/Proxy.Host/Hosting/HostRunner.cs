using System.Security.Cryptography;
using Proxy.Host.Http;
using Proxy.Revisions;

namespace Proxy.Host.Hosting;

/// <summary>Runs a host until a signal stops it.</summary>
internal static class HostRunner
{
    /// <param name="sources">The sources of the configuration.</param>
    /// <param name="options">The content root, the environment name and the application name, for libraries in the host.</param>
    /// <param name="isShared">Whether a source is a document that hosts share.</param>
    /// <returns>The program's exit code.</returns>
    public static async Task<int> RunAsync(IConfigurationBuilder sources, WebApplicationOptions options, bool isShared = false)
    {
        try
        {
            using var signals = new StopSignals();
            await using var shared = isShared ? await SharedLayers.OpenAsync(sources, signals.Token) : null;
            var configuration = sources.Build();
            using var watches = configuration as IDisposable;
            shared?.FallBack(configuration, signals.Token);
            await using var app = ProxyApplication.Build(configuration, options, shared, signals.Token);
            await StartAsync(app, signals.Token);
            shared?.Follow(app.Lifetime);
            await app.WaitForShutdownAsync(signals.Token);
            return ExitCode.Ok;
        }
        catch (OperationCanceledException)
        {
            return ExitCode.Ok; // a signal came before the host had started
        }
        catch (InvalidConfigException exception)
        {
            await Console.Error.WriteLineAsync(exception.Message);
            return ExitCode.BadInput;
        }
        catch (Exception exception) when (IsExpected(exception))
        {
            await Console.Error.WriteLineAsync(Describe(exception));
            return ExitCode.Failed;
        }
    }

    // Endpoints accept clients before the host has started as a whole. A signal in between ends them as one later does: they may finish.
    private static async Task StartAsync(WebApplication app, CancellationToken cancellationToken)
    {
        try
        {
            await app.StartAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            await app.StopAsync(CancellationToken.None);
            throw;
        }
    }

    // The user can fix an address or a certificate, so the message is enough. Any other exception is a bug and needs its stack trace.
    private static bool IsExpected(Exception exception) =>
        exception is IOException or HttpBindException or CryptographicException
        || exception.Source?.StartsWith("Microsoft.AspNetCore.Server.Kestrel", StringComparison.Ordinal) == true;

    // One line. When both addresses of localhost fail, Kestrel's message does not contain the reasons, so they are added.
    private static string Describe(Exception exception)
    {
        var reasons = (exception.InnerException as AggregateException)?.InnerExceptions ?? [];
        var lines = reasons.Select(static reason => reason.Message).Prepend(exception.Message);
        return string.Join(' ', string.Join(' ', lines).Split(['\r', '\n'], StringSplitOptions.RemoveEmptyEntries));
    }
}
