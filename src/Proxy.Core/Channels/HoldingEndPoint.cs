using System.Net;

namespace Proxy.Channels;

/// <summary>What a client is connected to, with something that is held for it: disposing this gives it back.</summary>
internal abstract class HoldingEndPoint : EndPoint, IDisposable
{
    private Action? _release;

    /// <summary>Holds something until this is disposed.</summary>
    /// <param name="release">Gives it back; called once.</param>
    public void Keep(Action release) => _release = release;

    /// <summary>Gives back what is held.</summary>
    public void Dispose() => Interlocked.Exchange(ref _release, null)?.Invoke();
}
