namespace Proxy.Conditions;

/// <summary>How well one thing works: what is wrong with it, since when and why.</summary>
/// <param name="Kind">What it is about.</param>
/// <param name="Id">The id of that.</param>
/// <param name="Level">How well it works.</param>
/// <param name="Reason">Why, in a word of a closed set.</param>
public sealed record Condition(ConditionKind Kind, string Id, ConditionLevel Level, ConditionReason Reason)
{
    /// <summary>Since when, by the fact itself and not by when it was looked at; null if nothing is wrong.</summary>
    public DateTimeOffset? Since { get; init; }

    /// <summary>The last error, one printable line of at most 200 characters; null if there is none.</summary>
    public string? LastError { get; init; }

    /// <summary>How often it happened since then, or how many are concerned; 0 if nothing is wrong.</summary>
    public long Count { get; init; }

    /// <summary>The condition of something that has nothing wrong.</summary>
    /// <param name="kind">What it is about.</param>
    /// <param name="id">The id of that.</param>
    /// <param name="reason">Why nothing is known to be wrong.</param>
    public static Condition Ok(ConditionKind kind, string id, ConditionReason reason = ConditionReason.None) =>
        new(kind, id, ConditionLevel.Ok, reason);
}
