using Proxy.Listeners;

namespace Proxy.Host.Cli;

/// <summary>Runs a host until it is told to stop.</summary>
internal static class HostRunner
{
    public static async Task<int> RunAsync(IConfigurationBuilder sources)
    {
        try
        {
            await using var app = ProxyApplication.Build(sources.Build());
            await app.RunAsync();
            return ExitCode.Ok;
        }
        catch (InvalidConfigurationException exception)
        {
            await Console.Error.WriteLineAsync(exception.Message);
            return ExitCode.BadInput;
        }
        catch (Exception exception) when (exception is BindException or IOException)
        {
            await Console.Error.WriteLineAsync(exception.Message);
            return ExitCode.Failed;
        }
    }
}
