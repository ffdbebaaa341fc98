using System.Net;
using System.Net.Sockets;

namespace Proxy.Channels;

/// <summary>Explains why a local address could not be bound, and what to do about it.</summary>
internal static class LoopbackHint
{
    public static string Explain(IPEndPoint address, Exception failure) =>
        failure switch
        {
            SocketException { SocketErrorCode: SocketError.AddressAlreadyInUse } =>
                $"{address} is in use, most likely by a program that listens on port {address.Port} of all addresses; let that program listen on its own local address.",
            SocketException { SocketErrorCode: SocketError.AddressNotAvailable } =>
                $"{address.Address} is not an address of this machine; add it ({Alias(address.Address)}), or use Loopback:Mode Port.",
            SocketException { SocketErrorCode: SocketError.AccessDenied } =>
                $"{address}: permission denied; give the program CAP_NET_BIND_SERVICE, which ports below 1024 need, or use a higher port.",
            _ => $"{address}: {failure.Message}",
        };

    private static string Alias(IPAddress address) =>
        OperatingSystem.IsMacOS() ? $"sudo ifconfig lo0 alias {address}" : $"ip address add {address}/8 dev lo";
}
