using System.Globalization;
using Proxy.Conditions;
using Proxy.Configuration.Reading;
using Proxy.Diagnostics;
using Proxy.Host.Cli.Output;
using Proxy.Host.Contracts;

namespace Proxy.Host.Cli.Remote;

/// <summary>Formats what is wrong, and what failed last, as text.</summary>
internal static class HealthText
{
    private const int MostEnds = 10;
    private const int MostConditions = 50;

    /// <summary>One line that sums up, and one per condition.</summary>
    /// <param name="health">The conditions.</param>
    /// <param name="now">The time of the host.</param>
    public static string Of(ConditionsAnswer health, DateTimeOffset now)
    {
        using var output = new StringWriter(CultureInfo.InvariantCulture);
        output.WriteLine(
            health.Level == ConditionLevel.Ok
                ? $"health: nothing is known to be wrong ({health.Ok} checked)"
                : $"health: {health.Down} down, {health.Degraded} degraded, {health.Ok} ok"
        );
        foreach (var condition in health.Conditions.Take(MostConditions))
        {
            output.WriteLine(Printable.Escape(Line(condition, now)));
        }

        if (health.Conditions.Count > MostConditions)
        {
            output.WriteLine($"! and {health.Conditions.Count - MostConditions} more");
        }

        return output.ToString();
    }

    /// <summary>A table of the ends that failed last; empty if there are none.</summary>
    public static string Of(IReadOnlyList<RecentEnd> ends)
    {
        var failed = ends.Where(static end => end.Failed).Take(MostEnds).ToList();
        if (failed.Count == 0)
        {
            return "";
        }

        var table = new TextTable("FAILED LAST", "OUTCOME", "ROUTE", "DESTINATION", "CLIENT", "AFTER", "ID");
        foreach (var end in failed)
        {
            table.Add(
                end.EndedAt.ToString("u", CultureInfo.InvariantCulture),
                end.Status is { } status ? $"{end.Outcome} {status}" : end.Outcome.ToString(),
                end.Route ?? "",
                end.Destination is { } destination ? $"{end.Cluster}/{destination}" : end.Cluster ?? "",
                end.Client ?? "",
                Amounts.Time(end.Duration),
                end.Id
            );
        }

        using var output = new StringWriter(CultureInfo.InvariantCulture);
        output.WriteLine();
        table.WriteTo(output);
        return output.ToString();
    }

    private static string Line(Condition condition, DateTimeOffset now)
    {
        var level = condition.Level == ConditionLevel.Down ? "DOWN" : "degraded";
        var kind = condition.Kind.ToString().ToLowerInvariant();
        var since = condition.Since is { } at ? $" since {at:u} ({Amounts.Time(now > at ? now - at : TimeSpan.Zero)})" : "";
        var error = condition.LastError is { } text ? $": {text}" : "";
        return $"! {level} {kind} {condition.Id}: {condition.Reason}{since}{error}";
    }
}
