using System.Net;

namespace Proxy.Listeners;

/// <summary>An address that was bound for a while. Disposing it stops accepting there; the connections it took go on.</summary>
internal sealed class LentListener(Listener listener, Func<Task> retire) : IAsyncDisposable
{
    /// <summary>The address with its real port.</summary>
    public IPEndPoint Address => (IPEndPoint)listener.EndPoint;

    /// <summary>Stops accepting, after starting the pipeline on what the kernel had queued. Cannot fail: what goes wrong is logged.</summary>
    /// <returns>A task that completes when the listen socket is closed.</returns>
    public async ValueTask DisposeAsync() => await retire();
}
