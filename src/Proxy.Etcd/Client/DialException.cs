using System.Diagnostics.CodeAnalysis;

namespace Proxy.Etcd.Client;

/// <summary>A member of etcd cannot be connected, so that nothing was sent. The message is one printable sentence without its last point.</summary>
/// <param name="message">Why.</param>
/// <param name="inner">The cause.</param>
[SuppressMessage("Design", "CA1064", Justification = "Caught in this folder.")]
[SuppressMessage("Design", "CA1032", Justification = "Made by the dialer alone.")]
internal sealed class DialException(string message, Exception? inner) : Exception(message, inner);
