namespace Proxy.Host.Contracts;

/// <summary>Another number of permits.</summary>
/// <param name="Permits">1 to 1,000,000.</param>
internal sealed record PermitsRequest(int Permits);
