namespace Proxy.Engine;

/// <summary>Another process that is registered under the id of this host.</summary>
/// <param name="Epoch">The value that its start has made.</param>
/// <param name="Since">Since when this host has known of it.</param>
public sealed record InstanceRival(string Epoch, DateTimeOffset Since);
