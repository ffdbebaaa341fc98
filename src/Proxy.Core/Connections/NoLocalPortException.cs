using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Sockets;
using Proxy.Diagnostics;

namespace Proxy.Connections;

/// <summary>All local ports are in use towards one address: a shortage of this host, which says nothing about the destination.</summary>
[SuppressMessage("Design", "CA1032", Justification = "Only made with an address.")]
internal sealed class NoLocalPortException : SocketException
{
    private NoLocalPortException(IPEndPoint address)
        : base(
            (int)SocketError.AddressNotAvailable,
            $"no local port is left towards {address}: all of the system's range (net.ipv4.ip_local_port_range) are in use"
        ) { }

    /// <summary>
    /// The exception that says why a connect failed: this one if it was for want of a port, which is noted, and otherwise the given one.
    /// </summary>
    /// <param name="failure">What connect has thrown; not what binding a source address has.</param>
    /// <param name="endPoint">Where to.</param>
    public static SocketException Explain(SocketException failure, EndPoint endPoint)
    {
        if (
            failure.SocketErrorCode != SocketError.AddressNotAvailable
            || (endPoint is SourcedEndPoint sourced ? sourced.Address : endPoint) is not IPEndPoint address
            || !IsReachable(address)
        )
        {
            return failure;
        }

        PortShortages.OfProcess.Note(address);
        return new NoLocalPortException(address);
    }

    // The kernel reports the same where no local address fits, as for ::1 without IPv6. Then UDP, which sends nothing here, fails like TCP.
    private static bool IsReachable(IPEndPoint address)
    {
        try
        {
            using var probe = new Socket(address.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
            probe.Connect(address);
            return true;
        }
        catch (SocketException exception)
        {
            return exception.SocketErrorCode != SocketError.AddressNotAvailable;
        }
    }
}
