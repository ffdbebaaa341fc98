namespace Proxy.Engine;

/// <summary>What the program tells the fleet about itself.</summary>
/// <param name="Version">The version of the program.</param>
/// <param name="AdminAddress">The address of its admin endpoint, as it is configured; null without one.</param>
public sealed record HostDescription(string Version, string? AdminAddress);
