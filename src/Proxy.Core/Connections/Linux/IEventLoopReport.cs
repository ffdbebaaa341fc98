namespace Proxy.Connections.Linux;

/// <summary>Receives reports about the turns of a loop, on its thread.</summary>
internal interface IEventLoopReport
{
    /// <summary>A turn has begun, as <see cref="EventLoop.TurnBegan"/> tells. Has to be quick and must not throw.</summary>
    void Began(EventLoop loop);

    /// <summary>A turn took longer than <see cref="EventLoop.LongestTurn"/>.</summary>
    void Held(EventLoop loop, HeldTurn turn);

    /// <summary>Code has thrown an unexpected exception; the loop continues.</summary>
    void Failed(EventLoop loop, Exception exception);
}
