using System.Diagnostics.CodeAnalysis;

namespace Proxy.Listeners;

/// <summary>An address could not be bound; the message says which and why.</summary>
[SuppressMessage("Design", "CA1032", Justification = "Only made with an address and a cause.")]
public sealed class BindException(string key, Exception cause) : IOException($"{key}: {Explain(cause)}", cause)
{
    /// <summary>The address that could not be bound, or the configuration key that names it.</summary>
    public string Key => key;

    private static string Explain(Exception cause) =>
        cause is System.Net.Sockets.SocketException { SocketErrorCode: System.Net.Sockets.SocketError.AccessDenied }
            ? "permission denied; ports below 1024 need CAP_NET_BIND_SERVICE, unix sockets a writable folder."
            : cause.Message;
}
