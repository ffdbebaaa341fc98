namespace Proxy.Diagnostics;

/// <summary>Dials towards one address that failed because no local port was left.</summary>
/// <param name="Address">The address.</param>
/// <param name="Count">How many dials failed.</param>
/// <param name="Since">When the first of them failed that was followed by others within five minutes each.</param>
/// <param name="Last">When the last one failed.</param>
public sealed record PortShortage(string Address, long Count, DateTimeOffset Since, DateTimeOffset Last);
