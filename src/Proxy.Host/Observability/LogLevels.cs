using Microsoft.Extensions.Options;
using Proxy.Configuration;
using Proxy.Revisions;

namespace Proxy.Host.Observability;

/// <summary>
/// Applies the log levels of the running revision. An edit of <c>Logging</c> takes effect as soon as its revision runs: <see cref="LogOverrides"/>
/// announces it.
/// </summary>
/// <param name="status">Provides the running revision.</param>
/// <param name="first">The revision that is used until a revision runs.</param>
internal sealed class LogLevels(ProxyStatus status, Revision first) : IConfigureOptions<LoggerFilterOptions>
{
    private const string Others = "Default";

    public void Configure(LoggerFilterOptions options)
    {
        foreach (var (category, level) in (status.Current.Running ?? first).Config.Logging.LogLevel)
        {
            options.Rules.Add(new LoggerFilterRule(providerName: null, Category(category), level, filter: null));
        }
    }

    /// <summary>Converts a key of the configuration to the category of a filter rule; null, which means all other categories, for Default.</summary>
    public static string? Category(string key) => key.Equals(Others, StringComparison.OrdinalIgnoreCase) ? null : key;

    /// <summary>
    /// Registers the log levels. The order matters because later rules win: built-in filters, then the configuration, then temporary levels.
    /// </summary>
    public static void AddTo(IServiceCollection services, Revision first)
    {
        services.AddSingleton(provider => new LogLevels(provider.GetRequiredService<ProxyStatus>(), first));
        services.AddSingleton<IConfigureOptions<LoggerFilterOptions>>(static provider => provider.GetRequiredService<LogLevels>());
        services.AddSingleton<LogOverrides>();
        services.AddSingleton<IConfigureOptions<LoggerFilterOptions>>(static provider => provider.GetRequiredService<LogOverrides>());
        services.AddSingleton<IOptionsChangeTokenSource<LoggerFilterOptions>>(static provider =>
            provider.GetRequiredService<LogOverrides>()
        );
    }
}
