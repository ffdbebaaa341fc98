using System.Diagnostics.CodeAnalysis;

namespace Proxy.Channels.Tunnel;

/// <summary>The other instance refused the tunnel.</summary>
/// <param name="status">The HTTP status.</param>
/// <param name="reason">The reason that it sent; may be null.</param>
[SuppressMessage("Design", "CA1032", Justification = "Only made with a status.")]
internal sealed class TunnelRefusedException(int status, string? reason)
    : IOException($"The tunnel was refused: {status} {reason}".TrimEnd())
{
    public int Status => status;
}
