using Proxy.Multiplexing.Framing;

namespace Proxy.Multiplexing.Modbus;

/// <summary>The Modbus exceptions that a gateway sends itself (Modbus Application Protocol 1.1b3, 7).</summary>
internal static class ModbusExceptions
{
    private const byte IllegalFunction = 0x01;
    private const byte ServerBusy = 0x06;
    private const byte GatewayPathUnavailable = 0x0A;
    private const byte GatewayTargetFailedToRespond = 0x0B;

    /// <summary>Whether an exception says that the unit behind a gateway did not answer.</summary>
    /// <param name="adu">Unit id and PDU of the exception.</param>
    public static bool IsNoAnswer(ReadOnlySpan<byte> adu) => adu is [_, _, GatewayTargetFailedToRespond, ..];

    /// <summary>The exception code for a reply of the proxy; 0 if there is none.</summary>
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
