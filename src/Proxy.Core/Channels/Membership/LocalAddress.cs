using System.Net;
using Proxy.Configuration.Channels;

namespace Proxy.Channels.Membership;

/// <summary>The loopback addresses that stand for instances and for Request channels; the same on every instance.</summary>
internal static class LocalAddress
{
    /// <summary>The last number of a Request channel: 127.1.255.255.</summary>
    public const int LastRequest = 65535;

    private const uint FirstInstance = 0x7F000002;
    private const uint RequestBase = 0x7F010000;
    private const int NetworkPart = 1;

    /// <summary>127.0.0.2 + n, with n from the configuration or from the id.</summary>
    public static IPAddress? OfInstance(ChannelInstanceConfig instance) =>
        (instance.Ordinal ?? ChannelOrdinal.Of(instance.Id)) is { } ordinal ? OfOrdinal(ordinal) : null;

    /// <summary>127.0.0.2 + n, up to 127.0.255.254; .0 and .255 are used.</summary>
    public static IPAddress OfOrdinal(int ordinal)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(ordinal);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(ordinal, ChannelOrdinal.Max);
        return Address(FirstInstance + (uint)ordinal);
    }

    /// <summary>127.1.0.1 for the first, up to 127.1.255.255.</summary>
    public static IPAddress OfRequest(int number)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(number, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(number, LastRequest);
        return Address(RequestBase + (uint)number);
    }

    /// <summary>Whether an address may stand for an instance: what a member publishes is bound here.</summary>
    public static bool IsOfInstance(IPAddress address) =>
        address.GetAddressBytes() is [127, 0, ..] and not ([127, 0, 0, 0 or 1] or [127, 0, 255, 255]);

    /// <summary>The address that stands for it in another network: 127.n.… for what is 127.0.…, or 127.1.… for a Request channel.</summary>
    public static IPAddress In(IPAddress address, int network)
    {
        var bytes = address.GetAddressBytes();
        bytes[NetworkPart] = (byte)(bytes[NetworkPart] + network);
        return new IPAddress(bytes);
    }

    private static IPAddress Address(uint value) => new(unchecked((uint)IPAddress.HostToNetworkOrder((int)value)));
}
