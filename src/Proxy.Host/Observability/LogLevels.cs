using Microsoft.Extensions.Options;
using Microsoft.Extensions.Primitives;
using Proxy.Configuration;
using Proxy.Revisions;

namespace Proxy.Host.Observability;

/// <summary>What is logged, as the running revision says: an edit of <c>Logging</c> applies at once, a rejected one not at all.</summary>
/// <param name="status">What runs.</param>
/// <param name="first">What will run first.</param>
internal sealed class LogLevels(ProxyStatus status, Revision first)
    : IConfigureOptions<LoggerFilterOptions>,
        IOptionsChangeTokenSource<LoggerFilterOptions>
{
    private const string Others = "Default";

    public string Name => Microsoft.Extensions.Options.Options.DefaultName;

    public IChangeToken GetChangeToken() => status.WatchRunning();

    public void Configure(LoggerFilterOptions options)
    {
        foreach (var (category, level) in (status.Current.Running ?? first).Config.Logging.LogLevel)
        {
            options.Rules.Add(new LoggerFilterRule(providerName: null, Category(category), level, filter: null));
        }
    }

    /// <summary>The category as rules have it; null for all others.</summary>
    public static string? Category(string key) => key.Equals(Others, StringComparison.OrdinalIgnoreCase) ? null : key;

    /// <summary>Registers it after the filters that it may overrule, and before what operators set for a while.</summary>
    public static void AddTo(IServiceCollection services, Revision first)
    {
        services.AddSingleton(provider => new LogLevels(provider.GetRequiredService<ProxyStatus>(), first));
        services.AddSingleton<IConfigureOptions<LoggerFilterOptions>>(static provider => provider.GetRequiredService<LogLevels>());
        services.AddSingleton<IOptionsChangeTokenSource<LoggerFilterOptions>>(static provider => provider.GetRequiredService<LogLevels>());
        services.AddSingleton<LogOverrides>();
        services.AddSingleton<IConfigureOptions<LoggerFilterOptions>>(static provider => provider.GetRequiredService<LogOverrides>());
        services.AddSingleton<IOptionsChangeTokenSource<LoggerFilterOptions>>(static provider =>
            provider.GetRequiredService<LogOverrides>()
        );
    }
}
