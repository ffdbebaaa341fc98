using System.Diagnostics.CodeAnalysis;

namespace Proxy.Channels.Tunnel;

/// <summary>The other instance answered, but not with a tunnel.</summary>
/// <param name="status">The HTTP status: why.</param>
/// <param name="reason">What it said besides.</param>
[SuppressMessage("Design", "CA1032", Justification = "Only made with a status.")]
internal sealed class TunnelRefusedException(int status, string? reason)
    : IOException($"The tunnel was refused: {status} {reason}".TrimEnd())
{
    public int Status => status;
}
