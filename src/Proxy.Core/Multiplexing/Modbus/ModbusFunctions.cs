using Proxy.Multiplexing.Framing;

namespace Proxy.Multiplexing.Modbus;

/// <summary>What Modbus (Application Protocol 1.1b3, Serial Line 1.02) says about requests, whatever the framing; all take unit id and PDU.</summary>
internal static class ModbusFunctions
{
    /// <summary>Unit id and PDU, the parts that all framings share, at most.</summary>
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

    /// <summary>On a serial line a broadcast gets no answer. What reads cannot be meant as one: there are devices that answer to unit 0.</summary>
    public static MessageTraits SerialTraits(ReadOnlySpan<byte> adu) =>
        IsRead(adu) ? MessageTraits.Safe
        : adu is [_, 0x08, 0, ForceListenOnly, ..] ? MessageTraits.NoReply
        : adu is [Broadcast, not ReadWriteRegisters, ..] ? MessageTraits.NoReply
        : MessageTraits.None;

    /// <summary>Whether a reply can be one to a request: nothing else ties them where there is no transaction id.</summary>
    public static bool Answers(ReadOnlySpan<byte> reply, ReadOnlySpan<byte> request) =>
        request.Length < 2
        || reply.Length < 2
        || ((reply[0] == request[0] || request[0] == Broadcast) && (reply[1] & ~ExceptionBit) == request[1]);
}
