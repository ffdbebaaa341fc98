using System.Net;

namespace Proxy.Listeners;

/// <summary>An address that is bound for a limited time. Disposing it stops accepting; open connections go on.</summary>
internal sealed class LentListener(Listener listener, Func<Task> retire) : IAsyncDisposable
{
    /// <summary>The address, with the actual port.</summary>
    public IPEndPoint Address => (IPEndPoint)listener.EndPoint;

    /// <summary>
    /// Stops accepting, after the connections that the kernel had queued were accepted. Cannot fail; problems are logged.
    /// </summary>
    /// <returns>A task that completes when the listening socket is closed.</returns>
    public async ValueTask DisposeAsync() => await retire();
}
