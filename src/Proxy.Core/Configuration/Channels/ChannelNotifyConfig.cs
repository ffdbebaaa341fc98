namespace Proxy.Configuration.Channels;

/// <summary>The programs and URLs that are notified of changes of channels.</summary>
public sealed record ChannelNotifyConfig
{
    /// <summary>How changes are combined into one notification.</summary>
    public DebounceConfig Debounce { get; init; } = new();

    /// <summary>Programs that are run for each notification.</summary>
    public IReadOnlyList<ChannelExecConfig> Exec { get; init; } = [];

    /// <summary>URLs that each notification is posted to.</summary>
    public IReadOnlyList<ChannelWebhookConfig> Http { get; init; } = [];
}
