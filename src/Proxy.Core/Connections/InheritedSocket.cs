using System.Net;
using System.Net.Sockets;

namespace Proxy.Connections;

/// <summary>A listen socket that was bound before the process began.</summary>
/// <param name="Socket">The socket.</param>
/// <param name="Name">What it was called by who passed it on; empty when it was not.</param>
public sealed record InheritedSocket(Socket Socket, string Name)
{
    /// <summary>What it listens on.</summary>
    public EndPoint EndPoint { get; } = Socket?.LocalEndPoint ?? throw new ArgumentException("The socket is not bound.", nameof(Socket));

    /// <inheritdoc />
    public override string ToString() => Name.Length == 0 ? $"{EndPoint}" : $"{EndPoint} ({Name})";
}
