using Proxy.Multiplexing.Framing;

namespace Proxy.Multiplexing.Modbus;

/// <summary>
/// The rules of Modbus for requests, independent of the framing (Application Protocol 1.1b3, Serial Line 1.02). All methods take unit id
/// and PDU.
/// </summary>
internal static class ModbusFunctions
{
    /// <summary>The greatest length in bytes of unit id and PDU, which all framings share.</summary>
    public const int MaxAdu = 254;

    public const byte ExceptionBit = 0x80;
    private const byte Broadcast = 0;
    private const byte ForceListenOnly = 4; // a sub-function of 0x08
    private const byte ReadWriteRegisters = 0x17;
    private const byte ReadDeviceIdentification = 0x0E; // a sub-function of 0x2B

    /// <summary>Whether a request only reads.</summary>
    public static bool IsRead(ReadOnlySpan<byte> adu) =>
        adu.Length >= 2
        && adu[1] switch
        {
            (>= 0x01 and <= 0x04) or 0x07 or 0x0B or 0x0C or 0x11 or 0x14 or 0x18 => true,
            0x2B => adu is [_, _, ReadDeviceIdentification, ..],
            _ => false,
        };

    public static MessageTraits Traits(ReadOnlySpan<byte> adu) => IsRead(adu) ? MessageTraits.Safe : MessageTraits.None;

    /// <summary>The traits of a request where each gets a reply, which may look like an echo.</summary>
    public static MessageTraits RepeatingTraits(ReadOnlySpan<byte> adu) =>
        IsRead(adu) ? MessageTraits.Safe
        : MayRepeat(adu) ? MessageTraits.RepliesRepeat
        : MessageTraits.None;

    /// <summary>
    /// The traits of a request on a serial line, where a broadcast gets no reply. A read never counts as a broadcast, since some devices
    /// answer reads to unit 0.
    /// </summary>
    public static MessageTraits SerialTraits(ReadOnlySpan<byte> adu) =>
        IsRead(adu) ? MessageTraits.Safe
        : adu is [_, 0x08, 0, ForceListenOnly, ..] ? MessageTraits.NoReply
        : adu is [Broadcast, not ReadWriteRegisters, ..] ? MessageTraits.NoReply
        : RepeatingTraits(adu);

    // Single writes, diagnostics, file records, mask writes; functions of vendors may write or not.
    private static bool MayRepeat(ReadOnlySpan<byte> adu) => adu is [_, not (0x0F or 0x10 or 0x17 or 0x2B), ..];

    /// <summary>Whether a reply may begin with these bytes of unit id and PDU, as far as they are there.</summary>
    public static bool MayAnswer(ReadOnlySpan<byte> start, ReadOnlySpan<byte> request) =>
        request.Length < 2
        || start.IsEmpty
        || ((start[0] == request[0] || request[0] == Broadcast) && (start.Length < 2 || (start[1] & ~ExceptionBit) == request[1]));

    /// <summary>Whether a reply can belong to a request; without a transaction id, the content is all there is to compare.</summary>
    public static bool Answers(ReadOnlySpan<byte> reply, ReadOnlySpan<byte> request) =>
        request.Length < 2
        || reply.Length < 2
        || ((reply[0] == request[0] || request[0] == Broadcast) && (reply[1] & ~ExceptionBit) == request[1]);
}
