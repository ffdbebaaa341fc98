using System.Buffers;
using Proxy.Multiplexing.Framing;

namespace Proxy.Multiplexing.Modbus;

/// <summary>Modbus exceptions that a gateway gives by itself.</summary>
internal sealed class ModbusExceptions(IModbusFramer framer) : ILocalReplies
{
    private const byte IllegalFunction = 0x01;
    private const byte ServerBusy = 0x06;
    private const byte GatewayPathUnavailable = 0x0A;
    private const byte GatewayTargetFailedToRespond = 0x0B;

    public bool TryWrite(LocalReply reply, ReadOnlySpan<byte> request, IBufferWriter<byte> writer)
    {
        byte? code = reply switch
        {
            LocalReply.NoPath => GatewayPathUnavailable,
            LocalReply.NoAnswer or LocalReply.BadAnswer => GatewayTargetFailedToRespond,
            LocalReply.QueueFull => ServerBusy,
            LocalReply.NotAllowed => IllegalFunction,
            _ => null,
        };
        Span<byte> adu = stackalloc byte[ModbusRules.MaxAdu];
        if (code is null || framer.Unwrap(request, adu) < 2)
        {
            return false;
        }

        framer.Wrap([adu[0], (byte)(adu[1] | ModbusRules.ExceptionBit), code.Value], request, writer);
        return true;
    }
}
