using Proxy.Multiplexing.Framing;

namespace Proxy.Multiplexing.Modbus;

/// <summary>Modbus exceptions that a gateway gives by itself (Modbus Application Protocol 1.1b3, 7).</summary>
internal static class ModbusExceptions
{
    private const byte IllegalFunction = 0x01;
    private const byte ServerBusy = 0x06;
    private const byte GatewayPathUnavailable = 0x0A;
    private const byte GatewayTargetFailedToRespond = 0x0B;

    /// <summary>Whether a gateway says that the unit behind it did not answer.</summary>
    /// <param name="adu">Unit id and PDU of an exception.</param>
    public static bool IsNoAnswer(ReadOnlySpan<byte> adu) => adu is [_, _, GatewayTargetFailedToRespond, ..];

    /// <summary>The exception's code for what is to be said; 0 if there is none.</summary>
    public static byte CodeOf(LocalReply reply) =>
        reply switch
        {
            LocalReply.NoPath => GatewayPathUnavailable,
            LocalReply.NoAnswer or LocalReply.BadAnswer => GatewayTargetFailedToRespond,
            LocalReply.QueueFull => ServerBusy,
            LocalReply.NotAllowed => IllegalFunction,
            _ => 0,
        };
}
