using Proxy.Configuration.Reading;

namespace Proxy.Configuration.Host;

/// <summary>Checks what keys of the access log say together.</summary>
internal static class LogValidator
{
    private const string Access = "Log:Access";
    private const char Wildcard = '*';
    private static readonly TimeSpan _shortest = TimeSpan.FromSeconds(1);

    /// <summary>.NET takes one wildcard in a category, and throws at another.</summary>
    public static void CheckLevels(LoggingConfig logging, ProblemList problems)
    {
        foreach (var category in logging.LogLevel.Keys.Where(static category => category.Count(static c => c == Wildcard) > 1))
        {
            problems.Error($"Logging:LogLevel:{category}", "has more than one '*'; a category may have one.");
        }
    }

    public static void Check(ConfigNode root, AccessLogConfig access, ProblemList problems)
    {
        if (access.MaxBytes is not null && access.Path is null)
        {
            problems.Consequence($"{Access}:MaxBytes", "only a file is put aside; set Log:Access:Path too.", $"{Access}:Path");
        }

        if (access.MaxBytes is null && root.FindPath($"{Access}:Files")?.Value is not null)
        {
            problems.Consequence(
                $"{Access}:Files",
                "no file is put aside without a size; set Log:Access:MaxBytes too.",
                $"{Access}:MaxBytes"
            );
        }

        if (access.Interval > TimeSpan.Zero && access.Interval < _shortest)
        {
            problems.Consequence($"{Access}:Interval", $"'{access.Interval:c}' is too short; at least '{_shortest:c}', or 'None'.");
        }
    }
}
