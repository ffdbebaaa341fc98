using System.Net;

namespace Proxy.Channels;

/// <summary>An end point that holds a resource for one client, such as a place at a member; disposing it gives the resource back.</summary>
internal abstract class HoldingEndPoint : EndPoint, IDisposable
{
    private Action? _release;

    /// <summary>Holds a resource until this is disposed.</summary>
    /// <param name="release">Gives the resource back; called once.</param>
    public void Keep(Action release) => _release = release;

    /// <summary>Gives the resource back, if one is held.</summary>
    public void Dispose() => Interlocked.Exchange(ref _release, null)?.Invoke();
}
