namespace Proxy.Configuration.Channels;

/// <summary>How changes are gathered.</summary>
public sealed record DebounceConfig
{
    /// <summary>The quiet time after a change before it is told.</summary>
    public TimeSpan Min { get; init; } = TimeSpan.FromMilliseconds(200);

    /// <summary>The longest a change waits to be told.</summary>
    public TimeSpan Max { get; init; } = TimeSpan.FromSeconds(2);
}
