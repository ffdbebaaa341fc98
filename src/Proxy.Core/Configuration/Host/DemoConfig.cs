namespace Proxy.Configuration.Host;

/// <summary>The built-in demonstration.</summary>
public sealed record DemoConfig
{
    /// <summary>Whether the built-in upstreams run.</summary>
    public bool Enabled { get; init; }
}
