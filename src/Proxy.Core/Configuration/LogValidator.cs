namespace Proxy.Configuration;

/// <summary>Checks what keys of the access log say together.</summary>
internal static class LogValidator
{
    private const string Access = "Log:Access";
    private static readonly TimeSpan _shortest = TimeSpan.FromSeconds(1);

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
