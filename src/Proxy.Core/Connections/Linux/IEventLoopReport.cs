namespace Proxy.Connections.Linux;

/// <summary>Receives reports about problems of a loop, on its thread.</summary>
internal interface IEventLoopReport
{
    /// <summary>A turn took longer than <see cref="EventLoop.LongestTurn"/>.</summary>
    void Held(EventLoop loop, HeldTurn turn);

    /// <summary>Code has thrown an unexpected exception; the loop continues.</summary>
    void Failed(EventLoop loop, Exception exception);
}
