using System.Buffers;
using Proxy.Multiplexing.Framing;

namespace Proxy.Multiplexing.Modbus;

/// <summary>A framing of Modbus: it can be taken off unit id and PDU, which are the same in all of them, and put around them.</summary>
internal interface IModbusFramer : IMessageFramer
{
    /// <summary>Takes the framing off.</summary>
    /// <param name="message">A whole message.</param>
    /// <param name="adu">Room for unit id and PDU: <see cref="ModbusFunctions.MaxAdu"/>.</param>
    /// <returns>How many bytes they are; 0 if they have no room or there is no framing.</returns>
    int Unwrap(ReadOnlySpan<byte> message, Span<byte> adu);

    /// <summary>Puts the framing on.</summary>
    /// <param name="adu">Unit id and PDU.</param>
    /// <param name="request">The request this answers in the same framing, whose transaction id is repeated; empty for a request, which gets id 0.</param>
    /// <param name="writer">Takes the message.</param>
    void Wrap(ReadOnlySpan<byte> adu, ReadOnlySpan<byte> request, IBufferWriter<byte> writer);
}
