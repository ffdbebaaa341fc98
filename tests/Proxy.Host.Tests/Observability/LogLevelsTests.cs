using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Proxy.Host.Observability;
using Proxy.Host.Tests.Support;
using Proxy.Revisions;

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

    [Fact]
    public async Task Change_TwoAtTheSameTime_AreAppliedOneAfterTheOther()
    {
        await using var host = await TestHost.StartAsync(Config(""));
        var overrides = host.Services.GetRequiredService<LogOverrides>();
        using var applying = new ManualResetEventSlim();
        using var goOn = new ManualResetEventSlim();
        var (now, most) = (0, 0);
        using var listening = host.Services.GetRequiredService<IOptionsMonitor<LoggerFilterOptions>>().OnChange(_ => Apply());
        var editing = Task.Run(host.Services.GetRequiredService<ProxyStatus>().Announce);
        var setting = new Thread(() => overrides.TrySet(Trace, LogLevel.Trace, TimeSpan.FromMinutes(1)));
        try
        {
            await Eventually.TrueAsync(() => applying.IsSet);
            setting.Start();
            await Eventually.TrueAsync(() => !setting.IsAlive || setting.ThreadState.HasFlag(ThreadState.WaitSleepJoin));
        }
        finally
        {
            goOn.Set();
        }

        await editing;
        await Eventually.TrueAsync(() => !setting.IsAlive);
        Assert.Equal(1, most);

        void Apply()
        {
            most = Math.Max(most, Interlocked.Increment(ref now));
            applying.Set();
            goOn.Wait();
            Interlocked.Decrement(ref now);
        }
    }

    private static string Config(string levels) => $$"""{ "Logging": { "LogLevel": { {{levels}} } } }""";
}
