using System.Net;
using System.Net.Sockets;

namespace Proxy.Connections;

/// <summary>A listen socket that was bound before the process began.</summary>
/// <param name="Socket">The socket.</param>
/// <param name="Name">The name that the program which passed it on gave it; empty when it gave none.</param>
public sealed record InheritedSocket(Socket Socket, string Name)
{
    /// <summary>What it listens on.</summary>
    public EndPoint EndPoint { get; } = Socket?.LocalEndPoint ?? throw new ArgumentException("The socket is not bound.", nameof(Socket));

    /// <inheritdoc />
    public override string ToString() => Name.Length == 0 ? $"{EndPoint}" : $"{EndPoint} ({Name})";
}
