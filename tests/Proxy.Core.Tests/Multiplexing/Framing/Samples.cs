using FsCheck;
using FsCheck.Fluent;
using Proxy.Configuration.Multiplexing;
using Proxy.Core.Tests.Multiplexing.Modbus;
using Proxy.Multiplexing.Framing;
using Proxy.Multiplexing.Modbus;

namespace Proxy.Core.Tests.Multiplexing.Framing;

/// <summary>Framers, and messages to be had at random for each.</summary>
internal static class Samples
{
    public static IReadOnlyList<IMessageFramer> Framers { get; } =
    [
        .. KnownProtocols.BuiltIn.Framers,
        new DelimiterFramer("crlf", "", Bytes.Text("\r\n"), 300),
        new DelimiterFramer("aab", "", Bytes.Text("aab"), 300),
        new FixedLengthFramer(16),
        new LengthFieldFramer("le3", "", new LengthField(2, 3, Endian: Endian.Little, Adjust: -5), 300),
        new LengthFieldFramer("hex", "", new LengthField(1, 2, LengthEncoding.Hex), 300),
        new LengthFieldFramer("bcd", "", new LengthField(0, 2, LengthEncoding.Bcd), 300),
        Checked(
            new LengthFieldFramer("length-crc", "", new LengthField(1, 1, Adjust: 2), 300),
            ChecksumAlgorithm.Crc16Modbus,
            Endian.Little
        ),
        Checked(new DelimiterFramer("crlf-xor", "", Bytes.Text("\r\n"), 300), ChecksumAlgorithm.Xor8, trailer: 2),
        Checked(new LengthFieldFramer("length-crc32", "", new LengthField(0, 2, Adjust: 4), 300), ChecksumAlgorithm.Crc32),
        new ConfiguredFramer(
            new LengthFieldFramer("configured", "", new LengthField(0, 1), 300),
            null,
            [new() { Offset = 1, EqualTo = [0] }, new() { NotContains = [7] }]
        ),
    ];

    public static TheoryData<string> Names => [.. Framers.Select(static framer => framer.Name)];

    public static IMessageFramer Named(string name) => Framers.Single(framer => framer.Name == name);

    /// <summary>Requests whose length does not depend on silence.</summary>
    public static Gen<byte[]> Requests(string name) =>
        Named(name) switch
        {
            IModbusFramer framer => ModbusRequests(framer),
            { Name: "http1" } => HttpRequests(),
            { Name: "scpi" } => ScpiRequests(),
            { Name: "resp" } => RespRequests(),
            { Name: "memcached" } => MemcachedRequests(),
            { Name: "line" } => Without("\n").Select(static text => (byte[])[.. text, (byte)'\n']),
            { Name: "crlf" } => Without("\n").Select(static text => (byte[])[.. text, .. "\r\n"u8]),
            { Name: "aab" } => Without("b").Select(static text => (byte[])[.. text, .. "aab"u8]),
            { Name: "iso8583" } => Data(1_000).Select(static data => (byte[])[(byte)(data.Length >> 8), (byte)data.Length, .. data]),
            { Name: "mpu" } => Data(1_000).Select(static data => (byte[])[.. Bytes.Text($"{data.Length:D4}"), .. data]),
            { Name: "length-crc" } => Data(200).Select(static data => WithCrc([2, (byte)data.Length, .. data])),
            { Name: "crlf-xor" } => Without("\n").Select(static text => WithXor([(byte)'$', .. text])),
            { Name: "length-crc32" } => Data(200).Select(static data => WithCrc32([0, (byte)data.Length, .. data])),
            { Name: "fixed-length" } => Data(16, 16),
            { Name: "le3" } => Data(200).Select(static data => (byte[])[1, 2, (byte)(data.Length + 5), 0, 0, .. data]),
            { Name: "hex" } => Data(200).Select(static data => (byte[])[9, .. Bytes.Text($"{data.Length:x2}"), .. data]),
            { Name: "bcd" } => Data(200).Select(static data => (byte[])[.. Bytes.Hex($"{data.Length:D4}"), .. data]),
            _ => Data(200).Select(static data => (byte[])[(byte)data.Length, .. data]),
        };

    /// <summary>The same twelve each time.</summary>
    public static byte[][] Some(string name) => [.. Requests(name).Sample(12, new Rnd(2026), 20)];

    public static Gen<byte[]> Data(int most, int least = 0) =>
        from length in Gen.Choose(least, most)
        from data in Gen.Choose(0, 255).Select(static value => (byte)value).ArrayOf(length)
        select data;

    private static ChecksumFramer Checked(
        IMessageFramer framer,
        ChecksumAlgorithm algorithm,
        Endian endian = Endian.Big,
        int trailer = 0
    ) =>
        new(
            framer,
            new Checksum(
                new()
                {
                    Algorithm = algorithm,
                    Endian = endian,
                    Encoding = trailer > 0 ? ChecksumEncoding.Hex : ChecksumEncoding.Binary,
                },
                trailer
            ),
            endsInSilence: false
        );

    private static byte[] WithCrc(byte[] message)
    {
        var crc = Crc16.Compute(message);
        return [.. message, (byte)crc, (byte)(crc >> 8)];
    }

    private static byte[] WithXor(byte[] message)
    {
        var sum = message.Aggregate((byte)0, static (sum, octet) => (byte)(sum ^ octet));
        return [.. message, .. Bytes.Text($"{sum:X2}\r\n")];
    }

    private static byte[] WithCrc32(byte[] message)
    {
        var crc = Crc.Crc32.Compute(message);
        return [.. message, (byte)(crc >> 24), (byte)(crc >> 16), (byte)(crc >> 8), (byte)crc];
    }

    private static Gen<byte[]> Without(string end) => Data(200).Select(data => data.Where(octet => octet != end[0]).ToArray());

    private static Gen<byte[]> ModbusRequests(IModbusFramer framer) =>
        from unit in Gen.Choose(0, 255)
        from pdu in Gen.Elements(ModbusExamples.Pdus.Select(static row => (string)row[0]).Where(static pdu => !IsOpenEnded(pdu)).ToArray())
        select ModbusExamples.Framed(framer, pdu, (byte)unit);

    private static bool IsOpenEnded(string pdu) =>
        pdu.StartsWith("41", StringComparison.Ordinal) || pdu.StartsWith("08 0000 A537 ", StringComparison.Ordinal);

    private static Gen<byte[]> ScpiRequests() =>
        from count in Gen.Choose(0, 4)
        from units in Gen.OneOf(
                Gen.Elements("*IDN?", "*CLS", "VOLT 5,6", ":OUTP:STAT ON", "DISP:TEXT \"a;\"\"b?\"", "VOLT? MAX", "CURR #HFF", "")
                    .Select(static text => Bytes.Text(text)),
                Block()
            )
            .ArrayOf(count)
        from end in Gen.Elements("\n", "\r\n")
        let line = units.SelectMany(static (unit, index) => index == 0 ? unit : [(byte)';', .. unit])
        select (byte[])[.. line, .. Bytes.Text(end)];

    private static Gen<byte[]> Block() =>
        from data in Data(300)
        from digits in Gen.Choose(3, 9)
        select (byte[])[.. Bytes.Text($"DATA #{digits}{data.Length.ToString($"D{digits}", null)}"), .. data];

    private static Gen<byte[]> RespRequests() =>
        Gen.OneOf(
            Gen.Elements("PING\r\n", "set k \"a b\"\n", "\r\n", "*0\r\n", "QUIT\r\n", "SUBSCRIBE x\r\n")
                .Select(static text => Bytes.Text(text)),
            from name in Gen.Elements("GET", "SET", "xread", "BLPOP", "CLIENT", "HELLO", "x")
            from count in Gen.Choose(0, 5)
            from arguments in Data(60).ArrayOf(count)
            select (byte[])
                [
                    .. Bytes.Text($"*{count + 1}\r\n${name.Length}\r\n{name}\r\n"),
                    .. arguments.SelectMany(static data => (byte[])[.. Bytes.Text($"${data.Length}\r\n"), .. data, .. "\r\n"u8]),
                ]
        );

    private static Gen<byte[]> MemcachedRequests() =>
        Gen.OneOf(
            Gen.Elements("get k\r\n", "gets a b c\n", "delete k noreply\r\n", "mg k v q\r\n", "stats\r\n", "quit\r\n", "bogus\r\n", "\r\n")
                .Select(static text => Bytes.Text(text)),
            from line in Gen.Elements("set k 1 -1 {0}", "cas k 0 0 {0} 7 noreply", "append k 0 5 {0} noreply", "ms k {0} T0 q", "ms k {0}")
            from data in Data(200)
            select (byte[])[.. Bytes.Text(line.Replace("{0}", $"{data.Length}", StringComparison.Ordinal) + "\r\n"), .. data, .. "\r\n"u8]
        );

    private static Gen<byte[]> HttpRequests() =>
        from method in Gen.Elements("GET", "POST", "PUT", "X-Y")
        from fields in Gen.Elements("", "A: b\r\n", "Connection: close\r\nX:y\r\n", "Expect: 100-continue\r\n")
        from body in Gen.OneOf(Plain(), Chunked())
        select (byte[])[.. Bytes.Text($"{method} /x?y HTTP/1.1\r\n{fields}"), .. body];

    private static Gen<byte[]> Plain() =>
        from data in Data(300)
        from field in Gen.Elements("Content-Length", "content-LENGTH")
        select (byte[])[.. Bytes.Text($"{field}: {data.Length}\r\n\r\n"), .. data];

    private static Gen<byte[]> Chunked() =>
        from count in Gen.Choose(0, 5)
        from chunks in Data(40, 1).ArrayOf(count)
        from trailer in Gen.Elements("", "Sum: 1\r\n")
        let body = chunks.SelectMany(static data => (byte[])[.. Bytes.Text($"{data.Length:x}\r\n"), .. data, .. "\r\n"u8])
        select (byte[])[.. Bytes.Text("Transfer-Encoding: chunked\r\n\r\n"), .. body, .. Bytes.Text($"0\r\n{trailer}\r\n")];
}
