namespace Proxy.Configuration;

/// <summary>The local addresses that stand for members.</summary>
public sealed record LoopbackConfig
{
    /// <summary>Whether members have addresses of their own.</summary>
    public LoopbackMode Mode { get; init; }

    /// <summary>Where the addresses of Request channels, and ports in Mode Port, are kept so that they stay the same.</summary>
    public string StateFile { get; init; } = "channels.state.json";
}
