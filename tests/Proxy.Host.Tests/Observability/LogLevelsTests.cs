using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Proxy.Host.Tests.Support;

namespace Proxy.Host.Tests.Observability;

/// <summary>The log levels of the configuration apply to the host.</summary>
public sealed class LogLevelsTests
{
    private const string Trace = "Proxy.Multiplexing.MessageTrace";

    [Fact]
    public async Task Edit_LogLevel_AppliesUnlessRejected()
    {
        await using var host = await TestHost.StartAsync(Config(""));
        var logger = host.Services.GetRequiredService<ILoggerFactory>().CreateLogger(Trace);
        Assert.False(logger.IsEnabled(LogLevel.Trace));

        await host.EditAsync(Config($"\"{Trace}\": \"trace\""));
        await Eventually.TrueAsync(() => logger.IsEnabled(LogLevel.Trace));

        await host.WriteAsync(Config("\"Default\": \"loud\""));
        await Eventually.TrueAsync(() => host.Status.Rejected.Count > 0);
        Assert.Contains(
            "Logging:LogLevel:Default: 'loud' is not one of",
            host.Status.Rejected.Single().ToString(),
            StringComparison.Ordinal
        );
        Assert.True(logger.IsEnabled(LogLevel.Trace));

        await host.EditAsync(Config("\"Default\": \"Warning\""));
        await Eventually.TrueAsync(() => !logger.IsEnabled(LogLevel.Information));
        Assert.Empty(host.Status.RestartNeeded);
    }

    [Fact]
    public async Task Start_LevelOfAFilteredCategory_OverrulesTheFilter()
    {
        await using var host = await TestHost.StartAsync(Config("\"Microsoft\": \"Debug\", \"Default\": \"Error\""));
        var loggers = host.Services.GetRequiredService<ILoggerFactory>();

        Assert.True(loggers.CreateLogger("Microsoft.AspNetCore").IsEnabled(LogLevel.Debug));
        Assert.False(loggers.CreateLogger("Proxy.X").IsEnabled(LogLevel.Warning));
    }

    private static string Config(string levels) => $$"""{ "Logging": { "LogLevel": { {{levels}} } } }""";
}
