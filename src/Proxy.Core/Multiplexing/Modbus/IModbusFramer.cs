using System.Buffers;
using Proxy.Multiplexing.Framing;

namespace Proxy.Multiplexing.Modbus;

/// <summary>A framing of Modbus around unit id and PDU, which are the same in all framings.</summary>
internal interface IModbusFramer : IMessageFramer
{
    /// <summary>Corrects in a reply what its destination gets wrong; see <see cref="IProtocolRules.Correct"/>.</summary>
    void Correct(Span<byte> reply) { }

    bool IMessageFramer.AllowsHalfClose => false;

    /// <summary>Removes the framing.</summary>
    /// <param name="message">A whole message.</param>
    /// <param name="adu">Receives unit id and PDU; needs room for <see cref="ModbusFunctions.MaxAdu"/> bytes.</param>
    /// <returns>The number of bytes of unit id and PDU; 0 if they do not fit or the message has no valid framing.</returns>
    int Unwrap(ReadOnlySpan<byte> message, Span<byte> adu);

    /// <summary>Adds the framing.</summary>
    /// <param name="adu">Unit id and PDU.</param>
    /// <param name="request">
    /// The request that this answers, in the same framing, whose transaction id is repeated; empty for a request, which gets id 0.
    /// </param>
    /// <param name="writer">Takes the framed message.</param>
    void Wrap(ReadOnlySpan<byte> adu, ReadOnlySpan<byte> request, IBufferWriter<byte> writer);
}
