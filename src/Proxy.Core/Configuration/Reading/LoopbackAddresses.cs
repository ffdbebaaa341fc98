using System.Net;
using System.Net.NetworkInformation;

namespace Proxy.Configuration.Reading;

/// <summary>The loopback addresses of this machine.</summary>
internal static class LoopbackAddresses
{
    /// <summary>127.0.0.1, and ::1 if an interface has it. The system reports IPv6 as supported even if sysctl disables it.</summary>
    public static IReadOnlyList<IPAddress> There() => Of(Local());

    /// <summary>The loopback addresses among the addresses of the interfaces.</summary>
    public static IReadOnlyList<IPAddress> Of(IEnumerable<IPAddress> local) =>
        local.Contains(IPAddress.IPv6Loopback) ? [IPAddress.Loopback, IPAddress.IPv6Loopback] : [IPAddress.Loopback];

    private static IEnumerable<IPAddress> Local()
    {
        try
        {
            return
            [
                .. NetworkInterface
                    .GetAllNetworkInterfaces()
                    .Where(static card => card.NetworkInterfaceType == NetworkInterfaceType.Loopback)
                    .SelectMany(static card => card.GetIPProperties().UnicastAddresses)
                    .Select(static address => address.Address),
            ];
        }
        catch (NetworkInformationException)
        {
            // Some sandboxes do not report interfaces; IPv4 is the safer assumption.
            return [];
        }
    }
}
