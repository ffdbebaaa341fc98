namespace Proxy.Configuration;

/// <summary>Built-in upstreams.</summary>
public sealed record DemoConfig
{
    /// <summary>Whether they run, on 127.0.0.1:17001 and up.</summary>
    public bool Enabled { get; init; }
}
