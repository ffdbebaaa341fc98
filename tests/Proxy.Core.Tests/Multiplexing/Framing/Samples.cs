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
        new ConfiguredFramer(new LengthFieldFramer("configured", "", new LengthField(0, 1), 300), null, new MessagePattern(1, [0])),
    ];

    public static TheoryData<string> Names => [.. Framers.Select(static framer => framer.Name)];

    public static IMessageFramer Named(string name) => Framers.Single(framer => framer.Name == name);

    /// <summary>Requests whose length does not depend on silence.</summary>
    public static Gen<byte[]> Requests(string name) =>
        Named(name) switch
        {
            IModbusFramer framer => ModbusRequests(framer),
            { Name: "http1" } => HttpRequests(),
            { Name: "line" } => Without("\n").Select(static text => (byte[])[.. text, (byte)'\n']),
            { Name: "crlf" } => Without("\n").Select(static text => (byte[])[.. text, .. "\r\n"u8]),
            { Name: "aab" } => Without("b").Select(static text => (byte[])[.. text, .. "aab"u8]),
            { Name: "iso8583" } => Data(1_000).Select(static data => (byte[])[(byte)(data.Length >> 8), (byte)data.Length, .. data]),
            { Name: "mpu" } => Data(1_000).Select(static data => (byte[])[.. Bytes.Text($"{data.Length:D4}"), .. data]),
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

    private static Gen<byte[]> Without(string end) => Data(200).Select(data => data.Where(octet => octet != end[0]).ToArray());

    private static Gen<byte[]> ModbusRequests(IModbusFramer framer) =>
        from unit in Gen.Choose(0, 255)
        from pdu in Gen.Elements(ModbusExamples.Pdus.Select(static row => (string)row[0]).Where(static pdu => !IsOpenEnded(pdu)).ToArray())
        select ModbusExamples.Framed(framer, pdu, (byte)unit);

    private static bool IsOpenEnded(string pdu) =>
        pdu.StartsWith("41", StringComparison.Ordinal) || pdu.StartsWith("08 0000 A537 ", StringComparison.Ordinal);

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
