using Proxy.Configuration.Multiplexing;

namespace Proxy.Host.Tests.EndToEnd.Multiplexing;

/// <summary>A message of a protocol that is a request, and a reply to itself.</summary>
internal static class MultiplexSample
{
    public static byte[] Of(ClusterMultiplexConfig config) =>
        config switch
        {
            { Framing: { LengthField: { } field, Checksum: null } } => Counted(field),
            { Framing: { LengthField: { } field, Checksum.Algorithm: ChecksumAlgorithm.Crc16Ccitt } } => WithCrc(Counted(field)),
            { Protocol: "line" } => "ping\n"u8.ToArray(),
            { Protocol: "scpi" } => "*IDN?\n"u8.ToArray(),
            { Protocol: "resp" } => "*1\r\n$4\r\nPING\r\n"u8.ToArray(),
            { Protocol: "memcached" } => "slabs automove 1\r\n"u8.ToArray(),
            { Protocol: "iso8583" } => [0, 8, 1, 2, 3, 4, .. "ping"u8],
            { Protocol: "modbus-tcp" } => [0, 7, 0, 0, 0, 6, 1, 3, 0, 0, 0, 1],
            _ => throw new NotSupportedException($"Write a sample for {config.Protocol}."),
        };

    private static byte[] Counted(LengthFieldConfig field)
    {
        var message = new byte[field.Offset + field.Size + 4];
        var lowest = field.Endian == Endian.Little ? field.Offset : field.Offset + field.Size - 1;
        message[lowest] = 4;
        return message;
    }

    private static byte[] WithCrc(byte[] message)
    {
        var crc = 0xFFFF;
        foreach (var octet in message)
        {
            crc ^= octet << 8;
            for (var bit = 0; bit < 8; bit++)
            {
                crc = ((crc << 1) ^ ((crc & 0x8000) == 0 ? 0 : 0x1021)) & 0xFFFF;
            }
        }

        return [.. message, (byte)(crc >> 8), (byte)crc];
    }
}
