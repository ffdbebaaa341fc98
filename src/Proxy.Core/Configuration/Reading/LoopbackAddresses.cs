using System.Net;
using System.Net.NetworkInformation;

namespace Proxy.Configuration.Reading;

/// <summary>The loopback addresses this machine has.</summary>
internal static class LoopbackAddresses
{
    /// <summary>127.0.0.1, and ::1 where an interface has it: with IPv6 disabled by sysctl the system supports it all the same.</summary>
    public static IReadOnlyList<IPAddress> There() => Of(Local());

    /// <summary>Those among the addresses of the interfaces.</summary>
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
            // Not told, in some sandboxes: IPv4 is the safer guess.
            return [];
        }
    }
}
