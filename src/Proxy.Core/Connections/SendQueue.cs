namespace Proxy.Connections;

/// <summary>The queue of bytes that a socket has to send.</summary>
/// <param name="IsEmpty">Whether the peer has acknowledged all bytes; true if it is not known.</param>
/// <param name="Delivered">The number of bytes that the peer has acknowledged since the start; 0 if it is not known.</param>
internal readonly record struct SendQueue(bool IsEmpty, ulong Delivered);
