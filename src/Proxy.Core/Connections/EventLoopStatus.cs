namespace Proxy.Connections;

/// <summary>How an event loop is.</summary>
/// <param name="Index">Its number, from 0.</param>
/// <param name="Connections">Accepted connections that live on it.</param>
/// <param name="HeldTurns">Turns since the start that took longer than 50 ms, while its connections waited.</param>
/// <param name="Turn">How long the turn that is running has taken; zero while the loop waits. Seconds here mean that it is stuck.</param>
public sealed record EventLoopStatus(int Index, int Connections, long HeldTurns, TimeSpan Turn);
