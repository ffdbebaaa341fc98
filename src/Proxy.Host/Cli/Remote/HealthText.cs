using Proxy.Conditions;
using Proxy.Configuration.Reading;
using Proxy.Diagnostics;
using Proxy.Host.Cli.Output;
using Proxy.Host.Contracts;

namespace Proxy.Host.Cli.Remote;

/// <summary>Writes what is wrong, and what failed last, as text.</summary>
internal static class HealthText
{
    private const int MostEnds = 10;
    private const int MostConditions = 50;

    /// <summary>Writes one line that sums up, and one per condition.</summary>
    /// <param name="writer">The place of the text.</param>
    /// <param name="printer">The format and the colors.</param>
    /// <param name="health">The conditions.</param>
    /// <param name="now">The time of the host.</param>
    public static void WriteConditions(TextWriter writer, Printer printer, ConditionsAnswer health, DateTimeOffset now)
    {
        writer.WriteLine(
            Color(
                printer,
                health.Level,
                health.Level == ConditionLevel.Ok
                    ? $"health: nothing is known to be wrong ({health.Ok} checked)"
                    : $"health: {Counts(health)}"
            )
        );
        foreach (var condition in health.Conditions.Take(MostConditions))
        {
            var level = condition.Level == ConditionLevel.Down ? "DOWN" : "degraded";
            writer.WriteLine($"{Color(printer, condition.Level, $"! {level}")} {Printable.Escape(Text(condition, now))}");
        }

        if (health.Conditions.Count > MostConditions)
        {
            writer.WriteLine($"! and {health.Conditions.Count - MostConditions} more: 'proxy conditions' lists all");
        }
    }

    /// <summary>Writes a table of the ends that failed last; nothing if there are none.</summary>
    /// <param name="writer">The place of the text.</param>
    /// <param name="printer">The format and the colors.</param>
    /// <param name="ends">The ends, newest first.</param>
    public static void WriteEnds(TextWriter writer, Printer printer, IReadOnlyList<RecentEnd> ends)
    {
        var failed = ends.Where(static end => end.Failed).Take(MostEnds).ToList();
        if (failed.Count > 0)
        {
            writer.WriteLine();
            printer.WriteTable(writer, failed, "", HostColumns.Ends);
        }
    }

    /// <summary>How many things there are of each level.</summary>
    public static string Counts(ConditionsAnswer health) => $"{health.Down} down, {health.Degraded} degraded, {health.Ok} ok";

    private static string Color(Printer printer, ConditionLevel level, string text) =>
        HostColumns.ToneOf(level).Color(printer.Colors, text);

    private static string Text(Condition condition, DateTimeOffset now)
    {
        var kind = condition.Kind.ToString().ToLowerInvariant();
        var since = condition.Since is { } at ? $" since {at:u} ({Amounts.Time(now > at ? now - at : TimeSpan.Zero)})" : "";
        var error = condition.LastError is { } text ? $": {text}" : "";
        return $"{kind} {condition.Id}: {condition.Reason}{since}{error}";
    }
}
