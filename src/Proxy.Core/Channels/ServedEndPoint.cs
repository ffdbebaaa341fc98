using System.Net;
using Proxy.Channels.Tunnel;

namespace Proxy.Channels;

/// <summary>What the <see cref="ServerDialer"/> connects a tunnel to: the local server of its connector. Disposing it ends the tunnel's being counted.</summary>
/// <param name="tunnel">The tunnel, which is admitted.</param>
/// <param name="server">The server's address.</param>
internal sealed class ServedEndPoint(ServerTunnelConnection tunnel, EndPoint server) : EndPoint, IDisposable
{
    private Action? _release;

    /// <summary>The tunnel.</summary>
    public ServerTunnelConnection Tunnel => tunnel;

    /// <summary>The server's address.</summary>
    public EndPoint Server => server;

    /// <summary>Counts the tunnel as open until this is disposed.</summary>
    /// <param name="release">Ends that.</param>
    public void Keep(Action release) => _release = release;

    /// <inheritdoc />
    public void Dispose() => Interlocked.Exchange(ref _release, null)?.Invoke();

    /// <inheritdoc />
    public override string ToString() => $"{server}";
}
