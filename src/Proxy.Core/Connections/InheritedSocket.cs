using System.Net;
using System.Net.Sockets;

namespace Proxy.Connections;

/// <summary>A listening socket that was bound before the process started.</summary>
/// <param name="Socket">The socket.</param>
/// <param name="Name">The name given by the program that passed it on; empty if there is none.</param>
public sealed record InheritedSocket(Socket Socket, string Name)
{
    /// <summary>The address on which it listens.</summary>
    public EndPoint EndPoint { get; } = Socket?.LocalEndPoint ?? throw new ArgumentException("The socket is not bound.", nameof(Socket));

    /// <inheritdoc />
    public override string ToString() => Name.Length == 0 ? $"{EndPoint}" : $"{EndPoint} ({Name})";
}
