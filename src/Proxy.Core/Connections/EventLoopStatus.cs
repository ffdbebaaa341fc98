namespace Proxy.Connections;

/// <summary>The status of an event loop.</summary>
/// <param name="Index">The number of the loop, from 0.</param>
/// <param name="Connections">The number of accepted connections on it.</param>
/// <param name="HeldTurns">The number of turns since the start that took longer than 50 ms, during which its connections waited.</param>
/// <param name="Turn">
/// How long the current turn has taken; zero while the loop waits for events. Several seconds mean that it is stuck.
/// </param>
public sealed record EventLoopStatus(int Index, int Connections, long HeldTurns, TimeSpan Turn);
