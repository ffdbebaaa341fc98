using System.Net.Sockets;

namespace Proxy.Connections;

/// <summary>A listening socket.</summary>
/// <param name="Socket">The socket.</param>
/// <param name="Outlives">
/// Whether other processes hold it too; then its queued connections are served by the next listener, and not reset.
/// </param>
internal readonly record struct BoundSocket(Socket Socket, bool Outlives);
