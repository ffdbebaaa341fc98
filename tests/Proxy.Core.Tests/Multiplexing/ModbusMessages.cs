using System.Buffers;
using System.Buffers.Binary;
using Proxy.Multiplexing.Framing;
using Proxy.Multiplexing.Modbus;

namespace Proxy.Core.Tests.Multiplexing;

/// <summary>Messages of Modbus, and a device that has registers.</summary>
internal static class ModbusMessages
{
    public static byte[] Tcp(int id, params byte[] adu) => [(byte)(id >> 8), (byte)id, 0, 0, 0, (byte)adu.Length, .. adu];

    public static byte[] Rtu(params byte[] adu)
    {
        var frame = new byte[adu.Length + 2];
        adu.CopyTo(frame, 0);
        BinaryPrimitives.WriteUInt16LittleEndian(frame.AsSpan(adu.Length), Crc16.Compute(adu));
        return frame;
    }

    public static byte[] Read(byte unit, int address) => [unit, 3, (byte)(address >> 8), (byte)address, 0, 1];

    public static byte[] Value(byte unit, int value) => [unit, 3, 2, (byte)(value >> 8), (byte)value];

    public static byte[] Write(byte unit, int address, int value) =>
        [unit, 6, (byte)(address >> 8), (byte)address, (byte)(value >> 8), (byte)value];

    public static byte[] Exception(byte unit, int function, int code) => [unit, (byte)(function | 0x80), (byte)code];

    /// <summary>Unit id and PDU of a message of Modbus TCP.</summary>
    public static byte[] Adu(byte[] message) => message[6..];

    /// <summary>Makes a device answer each unit id and PDU by a function; null is no answer.</summary>
    public static void AnswerModbus(this Device device, Func<byte[], byte[]?> answer) =>
        device.OnMessage = (message, peer) => ReplyAsync(Device.ModbusTcp, message, peer, answer);

    public static void AnswerRtu(this Device device, Func<byte[], byte[]?> answer) =>
        device.OnMessage = (message, peer) => ReplyAsync(Device.ModbusRtu, message, peer, answer);

    public static async Task<byte[]> AskAsync(this MultiplexPeer peer, int id, byte[] adu)
    {
        await peer.SendAsync(Tcp(id, adu));
        return await peer.ReadReplyAsync(id);
    }

    /// <summary>The next reply's unit id and PDU; empty at the end of the connection.</summary>
    public static async Task<byte[]> ReadReplyAsync(this MultiplexPeer peer, int id)
    {
        var header = await peer.ReadAsync(6);
        if (header.Length < 6)
        {
            return [];
        }

        Assert.Equal(id, (header[0] << 8) | header[1]);
        return await peer.ReadAsync(header[5]);
    }

    private static async Task ReplyAsync(IMessageFramer framer, byte[] message, MultiplexPeer peer, Func<byte[], byte[]?> answer)
    {
        var modbus = (IModbusFramer)framer;
        var adu = new byte[256];
        var length = modbus.Unwrap(message, adu);
        if (answer(adu[..length]) is { } reply)
        {
            var writer = new ArrayBufferWriter<byte>();
            modbus.Wrap(reply, message, writer);
            await peer.SendAsync(writer.WrittenSpan.ToArray());
        }
    }
}
