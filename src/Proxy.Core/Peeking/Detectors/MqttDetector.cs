namespace Proxy.Peeking.Detectors;

/// <summary>MQTT: the packet CONNECT of version 3.1, 3.1.1 or 5 (MQTT 5.0, 3.1).</summary>
internal sealed class MqttDetector : IProtocolDetector
{
    private const byte Connect = 0x10;
    private const int LongestLength = 4;
    private const byte Continues = 0x80;

    public string Name => "Mqtt";

    public DetectorVerdict Detect(ReadOnlySpan<byte> bytes)
    {
        if (bytes is [not Connect, ..])
        {
            return DetectorVerdict.No;
        }

        // A length of up to four bytes, of which each but the last has its highest bit set.
        var length = 1;
        while (length < bytes.Length && (bytes[length] & Continues) != 0)
        {
            length++;
        }

        if (length > LongestLength)
        {
            return DetectorVerdict.No;
        }

        if (length >= bytes.Length)
        {
            return DetectorVerdict.MoreBytes;
        }

        var content = bytes[(length + 1)..];
        var name = FirstBytes.Match(content, "\0\u0004MQTT"u8);
        return name == DetectorVerdict.No ? FirstBytes.Match(content, "\0\u0006MQIsdp"u8) : name;
    }
}
