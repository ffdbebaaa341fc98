using System.Buffers.Binary;
using System.Net;
using Proxy.Configuration.Channels;

namespace Proxy.Channels.Membership;

/// <summary>Computes the loopback addresses that stand for instances and Request channels; they are the same on every instance.</summary>
internal static class LocalAddress
{
    /// <summary>The highest number of a Request channel: 127.1.255.255.</summary>
    public const int LastRequest = 65535;

    private const uint FirstInstance = 0x7F000002;
    private const uint RequestBase = 0x7F010000;
    private const int NetworkPart = 1;

    /// <summary>The address of an instance, 127.0.0.2 + n, with n from the configuration or computed from the id.</summary>
    public static IPAddress? OfInstance(ChannelInstanceConfig instance) =>
        (instance.Ordinal ?? ChannelOrdinal.Of(instance.Id)) is { } ordinal ? OfOrdinal(ordinal) : null;

    /// <summary>127.0.0.2 + n, up to 127.0.255.254. Addresses that end in .0 or .255 are used too.</summary>
    public static IPAddress OfOrdinal(int ordinal)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(ordinal);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(ordinal, ChannelOrdinal.Max);
        return Address(FirstInstance + (uint)ordinal);
    }

    /// <summary>The number n of 127.0.0.2 + n; null if the address is none of an instance.</summary>
    public static int? NumberOf(IPAddress address) =>
        IsOfInstance(address) ? (int)(BinaryPrimitives.ReadUInt32BigEndian(address.GetAddressBytes()) - FirstInstance) : null;

    /// <summary>The address of a Request channel: 127.1.0.1 for number 1, up to 127.1.255.255.</summary>
    public static IPAddress OfRequest(int number)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(number, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(number, LastRequest);
        return Address(RequestBase + (uint)number);
    }

    /// <summary>
    /// Whether an address is in the range of instances. Checked because an address that a member publishes is bound here.
    /// </summary>
    public static bool IsOfInstance(IPAddress address) =>
        address.GetAddressBytes() is [127, 0, ..] and not ([127, 0, 0, 0 or 1] or [127, 0, 255, 255]);

    /// <summary>
    /// Moves an address to another loopback network: 127.0.… becomes 127.n.…, and 127.1.… (of a Request channel) 127.n+1.….
    /// </summary>
    public static IPAddress In(IPAddress address, int network)
    {
        var bytes = address.GetAddressBytes();
        bytes[NetworkPart] = (byte)(bytes[NetworkPart] + network);
        return new IPAddress(bytes);
    }

    private static IPAddress Address(uint value) => new(unchecked((uint)IPAddress.HostToNetworkOrder((int)value)));
}
