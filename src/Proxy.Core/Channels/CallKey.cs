namespace Proxy.Channels;

/// <summary>One address that local clients connect to.</summary>
/// <param name="Channel">The name of the channel.</param>
/// <param name="Member">The id of the member that the address stands for; empty for a service.</param>
/// <param name="Port">The port of the service or member.</param>
internal sealed record CallKey(string Channel, string Member, int Port);
