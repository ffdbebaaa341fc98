using Proxy.Configuration.Reading;
using Proxy.Diagnostics;

namespace Proxy.Conditions.Rules;

/// <summary>Makes conditions of facts.</summary>
internal static class Facts
{
    /// <summary>How many failures in a row, with no success since, show that something does not work rather than that something went wrong.</summary>
    public const int Enough = 3;

    /// <summary>The id of a destination.</summary>
    public static string IdOf(string clusterId, string destinationId) => $"{clusterId}/{destinationId}";

    /// <summary>A condition from failures in a row: down when there are enough of them.</summary>
    public static Condition InARow(ConditionKind kind, string id, ConditionReason reason, Failures failures) =>
        Of(kind, id, failures.Count >= Enough ? ConditionLevel.Down : ConditionLevel.Degraded, reason, failures);

    /// <summary>A condition from failures.</summary>
    public static Condition Of(ConditionKind kind, string id, ConditionLevel level, ConditionReason reason, Failures failures) =>
        new(kind, id, level, reason)
        {
            Since = failures.Since,
            LastError = Line(failures.LastError),
            Count = failures.Count,
        };

    /// <summary>
    /// A condition from the last minute: degraded when more than one in twenty failed; down when all did, and enough of them in a row. Null if neither.
    /// </summary>
    public static Condition? OfMinute(ConditionKind kind, string id, LastMinuteSums? minute)
    {
        if (minute is not { TooMany: { } failures } sums)
        {
            return null;
        }

        var row = sums is { AllFailed: true, InARow.Count: >= Enough } ? sums.InARow : null;
        return Of(kind, id, row is null ? ConditionLevel.Degraded : ConditionLevel.Down, ConditionReason.ClientsFail, row ?? failures) with
        {
            LastError = Line($"{sums.Failed} of {sums.Ended} in the last minute; the last: {failures.LastError}"),
        };
    }

    /// <summary>The worst of some conditions of one subject, the first one on a tie.</summary>
    public static Condition Worst(Condition first, params ReadOnlySpan<Condition?> others)
    {
        foreach (var other in others)
        {
            first = other is not null && other.Level > first.Level ? other : first;
        }

        return first;
    }

    /// <summary>One printable line of at most 200 characters.</summary>
    public static string? Line(string? text) => text is null ? null : Printable.Shorten(text);
}
