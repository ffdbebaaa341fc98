namespace Proxy.Host.Contracts;

/// <summary>A new number of permits for a lock.</summary>
/// <param name="Permits">The number of permits; 1 to 1,000,000.</param>
internal sealed record PermitsRequest(int Permits);
