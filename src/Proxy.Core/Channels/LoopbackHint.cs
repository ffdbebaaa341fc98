using System.Net;
using System.Net.Sockets;

namespace Proxy.Channels;

/// <summary>Why a local address could not be bound, in words that say what to do.</summary>
internal static class LoopbackHint
{
    public static string Explain(IPEndPoint address, Exception failure) =>
        failure switch
        {
            SocketException { SocketErrorCode: SocketError.AddressAlreadyInUse } =>
                $"{address} is in use; most likely a program listens on port {address.Port} of every address: let it listen on its own local address.",
            SocketException { SocketErrorCode: SocketError.AddressNotAvailable } =>
                $"{address.Address} is no address of this machine; add it ({Alias(address.Address)}), or use Loopback:Mode Port.",
            SocketException { SocketErrorCode: SocketError.AccessDenied } =>
                $"{address}: permission denied; ports below 1024 need CAP_NET_BIND_SERVICE.",
            _ => $"{address}: {failure.Message}",
        };

    private static string Alias(IPAddress address) =>
        OperatingSystem.IsMacOS() ? $"sudo ifconfig lo0 alias {address}" : $"ip address add {address}/8 dev lo";
}
