namespace Proxy.Connections.Linux;

/// <summary>Hears what goes wrong on a loop, on its thread.</summary>
internal interface IEventLoopReport
{
    /// <summary>A turn took longer than <see cref="EventLoop.LongestTurn"/>.</summary>
    void Held(EventLoop loop, long milliseconds);

    /// <summary>Something threw that should not; the loop goes on.</summary>
    void Failed(EventLoop loop, Exception exception);
}
