using Proxy.Configuration.Reading;

namespace Proxy.Configuration.Host;

/// <summary>Checks the keys of the logs, also in combination.</summary>
internal static class LogValidator
{
    private const string Access = "Log:Access";
    private const char Wildcard = '*';
    private static readonly TimeSpan _shortest = TimeSpan.FromSeconds(1);

    /// <summary>Checks categories: .NET accepts one wildcard in a category, and throws if there are more.</summary>
    public static void CheckLevels(LoggingConfig logging, ProblemList problems)
    {
        foreach (var category in logging.LogLevel.Keys.Where(static category => category.Count(static c => c == Wildcard) > 1))
        {
            problems.Error($"Logging:LogLevel:{category}", "has more than one '*'; leave at most one.");
        }
    }

    public static void Check(ConfigNode root, AccessLogConfig access, ProblemList problems)
    {
        if (access.MaxBytes is not null && access.Path is null)
        {
            problems.Consequence($"{Access}:MaxBytes", "only a file can be rotated; set Log:Access:Path too.", $"{Access}:Path");
        }

        if (access.MaxBytes is null && root.FindPath($"{Access}:Files")?.Value is not null)
        {
            problems.Consequence($"{Access}:Files", "files are rotated by size only; set Log:Access:MaxBytes too.", $"{Access}:MaxBytes");
        }

        if (access.Interval > TimeSpan.Zero && access.Interval < _shortest)
        {
            problems.Consequence($"{Access}:Interval", $"'{access.Interval:c}' is too short; write at least '{_shortest:c}', or 'None'.");
        }
    }
}
