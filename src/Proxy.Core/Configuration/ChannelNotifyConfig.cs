namespace Proxy.Configuration;

/// <summary>Who is told about changes of channels.</summary>
[NotAvailableYet("Exec", "Http")]
public sealed record ChannelNotifyConfig
{
    /// <summary>How changes are gathered into one notification.</summary>
    public DebounceConfig Debounce { get; init; } = new();
}
