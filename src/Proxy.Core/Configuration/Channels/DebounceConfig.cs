namespace Proxy.Configuration.Channels;

/// <summary>How changes are combined into one notification.</summary>
public sealed record DebounceConfig
{
    /// <summary>The time without further changes after which a change is notified.</summary>
    public TimeSpan Min { get; init; } = TimeSpan.FromMilliseconds(200);

    /// <summary>The longest time until a change is notified.</summary>
    public TimeSpan Max { get; init; } = TimeSpan.FromSeconds(2);
}
