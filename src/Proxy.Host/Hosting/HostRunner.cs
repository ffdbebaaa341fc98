using System.Security.Cryptography;
using Proxy.Host.Http;
using Proxy.Revisions;

namespace Proxy.Host.Hosting;

/// <summary>Runs a host until it is told to stop.</summary>
internal static class HostRunner
{
    /// <param name="sources">The configuration.</param>
    /// <param name="options">What libraries in the host are told of the application.</param>
    /// <returns>The program's exit code.</returns>
    public static async Task<int> RunAsync(IConfigurationBuilder sources, WebApplicationOptions options)
    {
        try
        {
            var configuration = sources.Build();
            using var watches = configuration as IDisposable;
            await using var app = ProxyApplication.Build(configuration, options);
            await app.RunAsync();
            return ExitCode.Ok;
        }
        catch (InvalidConfigException exception)
        {
            await Console.Error.WriteLineAsync(exception.Message);
            return ExitCode.BadInput;
        }
        catch (Exception exception) when (IsEveryday(exception))
        {
            await Console.Error.WriteLineAsync(Describe(exception));
            return ExitCode.Failed;
        }
    }

    // An address or a certificate that is not as it was thought to be; anything else is our mistake, and its stack is wanted.
    private static bool IsEveryday(Exception exception) =>
        exception is IOException or HttpBindException or CryptographicException
        || exception.Source?.StartsWith("Microsoft.AspNetCore.Server.Kestrel", StringComparison.Ordinal) == true;

    // One line. Kestrel keeps the reasons to itself when both addresses of localhost fail.
    private static string Describe(Exception exception)
    {
        var reasons = (exception.InnerException as AggregateException)?.InnerExceptions ?? [];
        var lines = reasons.Select(static reason => reason.Message).Prepend(exception.Message);
        return string.Join(' ', string.Join(' ', lines).Split(['\r', '\n'], StringSplitOptions.RemoveEmptyEntries));
    }
}
