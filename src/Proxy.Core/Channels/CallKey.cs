namespace Proxy.Channels;

/// <summary>One address that local clients connect to.</summary>
/// <param name="Channel">The channel.</param>
/// <param name="Member">The member it stands for; empty for a service.</param>
/// <param name="Port">The port.</param>
internal sealed record CallKey(string Channel, string Member, int Port);
