namespace Proxy.Connections;

/// <summary>Checks a relay at the times that it asks for. Thread-safe. Disposing it ends that.</summary>
internal interface IRelayTimer : IDisposable
{
    /// <summary>The time in milliseconds, which is behind by a turn of the loop or a tick of the clock at most.</summary>
    long Now { get; }

    /// <summary>Whether checks run where the handlers of the connection do, so that they may go on within a check.</summary>
    bool IsInline { get; }

    /// <summary>Has the relay checked at a time, or earlier if that was asked for before.</summary>
    /// <param name="due">The time in milliseconds.</param>
    void CheckAt(long due);
}
