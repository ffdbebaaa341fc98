using System.Net.Sockets;

namespace Proxy.Connections;

/// <summary>A socket that listens.</summary>
/// <param name="Socket">The socket.</param>
/// <param name="Outlives">Whether others have it too: what it has queued is served by the next listener, and not reset.</param>
internal readonly record struct BoundSocket(Socket Socket, bool Outlives);
