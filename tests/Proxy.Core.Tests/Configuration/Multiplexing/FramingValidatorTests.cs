using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Configuration;
using Proxy.Configuration;
using Proxy.Configuration.Multiplexing;
using Proxy.Configuration.Reading;

namespace Proxy.Core.Tests.Configuration.Multiplexing;

public sealed class FramingValidatorTests
{
    private const string Id = """ "Correlation": { "Offset": 2, "Size": 4 } """;

    [Theory]
    [InlineData("""{ "LengthField": {} }""")]
    [InlineData("""{ "LengthField": { "Offset": 0, "Size": 2, "Endian": "Big", "Encoding": "Binary", "Adjust": 0, "MaxBytes": 65536 } }""")]
    [InlineData("""{ "LengthField": { "Size": 8, "Endian": "little", "Encoding": "BCD" } }""")]
    [InlineData("""{ "LengthField": { "Size": 18, "Encoding": "Ascii", "Adjust": -18 } }""")]
    [InlineData("""{ "LengthField": { "Size": 16, "Encoding": "Hex", "Endian": "Big" } }""")]
    [InlineData("""{ "Delimiter": { "Bytes": "\r\n", "MaxBytes": 65536 } }""")]
    [InlineData("""{ "Delimiter": { "Bytes": "hex:0D" } }""")]
    [InlineData("""{ "FixedLength": { "Bytes": 16 } }""")]
    [InlineData("""{ "IdleGap": { "After": "00:00:00.050" } }""")]
    [InlineData("""{ "IdleGap": {} }""")]
    [InlineData("""{ "IdleGap": {}, "Delimiter": null }""")]
    [InlineData("""{ "LengthField": {}, "Checksum": { "Algorithm": "crc16modbus" } }""")]
    [InlineData("""{ "Delimiter": { "Bytes": "\r\n" }, "Checksum": { "Algorithm": "Xor8", "Start": 1, "End": 5, "Encoding": "Hex" } }""")]
    [InlineData(
        """{ "FixedLength": { "Bytes": 16 }, "Checksum": { "Algorithm": "Crc32", "Start": 1, "Trailer": 1, "Endian": "Little" } }"""
    )]
    [InlineData("""{ "FixedLength": { "Bytes": 6 }, "Checksum": { "Algorithm": "Crc32", "Start": 1 } }""")]
    [InlineData("""{ "IdleGap": {}, "Checksum": { "Algorithm": "Crc16Ccitt" } }""")]
    public void Check_Framing_Accepted(string framing) => Assert.Empty(Errors($$"""{ "Framing": {{framing}} }"""));

    [Fact]
    public void Read_Nothing_HasTheContractsDefaults()
    {
        var block = Read("""{ "Framing": { "LengthField": {}, "IdleGap": {} } }""", out _);

        Assert.Equal(
            new LengthFieldConfig
            {
                Offset = 0,
                Size = 2,
                Endian = Endian.Big,
                Encoding = LengthEncoding.Binary,
                Adjust = 0,
                MaxBytes = 65_536,
            },
            block.Framing!.LengthField
        );
        Assert.Equal(new IdleGapConfig { After = TimeSpan.FromMilliseconds(50), MaxBytes = 65_536 }, block.Framing.IdleGap);
    }

    [Theory]
    [InlineData("{}", "x:Framing: declares no framing; write one of LengthField, Delimiter, FixedLength or IdleGap.")]
    [InlineData("""{ "IdleGap": {}, "FixedLength": { "Bytes": 1 } }""", "x:Framing: declares FixedLength and IdleGap; keep one of them.")]
    [InlineData("""{ "Delimeter": { "Bytes": "a" } }""", "x:Framing:Delimeter: unknown key; did you mean 'Delimiter'?")]
    [InlineData("""{ "Delimiter": {} }""", "x:Framing:Delimiter:Bytes: is required and missing.")]
    [InlineData("""{ "Delimiter": { "Bytes": "" } }""", "x:Framing:Delimiter:Bytes: is empty; write a text, or bytes such as 'hex:0D0A'.")]
    [InlineData(
        """{ "Delimiter": { "Bytes": "hex:D" } }""",
        "x:Framing:Delimiter:Bytes: 'hex:D' is not bytes; write two hexadecimal digits for each, such as 'hex:0D0A'."
    )]
    [InlineData(
        """{ "Delimiter": { "Bytes": "abc", "MaxBytes": 2 } }""",
        "x:Framing:Delimiter:MaxBytes: 2 is less than the 3 bytes that every message has; write more."
    )]
    [InlineData("""{ "FixedLength": {} }""", "x:Framing:FixedLength:Bytes: is required and missing.")]
    [InlineData("""{ "FixedLength": { "Bytes": 0 } }""", "x:Framing:FixedLength:Bytes: 0 is out of range; 1 to 67108864 is allowed.")]
    [InlineData("""{ "IdleGap": { "After": "00:00:00" } }""", "x:Framing:IdleGap:After: must be more than zero.")]
    [InlineData(
        """{ "LengthField": { "Size": 9 } }""",
        "x:Framing:LengthField:Size: 9 is out of range; with encoding 'Binary' 1 to 8 is allowed."
    )]
    [InlineData(
        """{ "LengthField": { "Size": 17, "Encoding": "Hex" } }""",
        "x:Framing:LengthField:Size: 17 is out of range; with encoding 'Hex' 1 to 16 is allowed."
    )]
    [InlineData("""{ "LengthField": { "Size": 0 } }""", "x:Framing:LengthField:Size: 0 is out of range; 1 to 18 is allowed.")]
    [InlineData(
        """{ "LengthField": { "Endian": "Little", "Encoding": "Ascii" } }""",
        "x:Framing:LengthField:Endian: digits are not swapped; with encoding 'Ascii' leave it out."
    )]
    [InlineData(
        """{ "LengthField": { "Encoding": "Ascci", "Size": 10 } }""",
        "x:Framing:LengthField:Encoding: 'Ascci' is not one of 'Binary', 'Ascii', 'Hex', 'Bcd'; did you mean 'Ascii'?"
    )]
    [InlineData(
        """{ "LengthField": { "Offset": 4, "MaxBytes": 5 } }""",
        "x:Framing:LengthField:MaxBytes: 5 is less than the 6 bytes that every message has; write more."
    )]
    [InlineData(
        """{ "Checksum": { "Algorithm": "Lrc" } }""",
        "x:Framing: declares no framing; write one of LengthField, Delimiter, FixedLength or IdleGap."
    )]
    [InlineData("""{ "LengthField": {}, "Checksum": {} }""", "x:Framing:Checksum:Algorithm: is required and missing.")]
    [InlineData(
        """{ "LengthField": {}, "Checksum": { "Algorithm": "Crc16" } }""",
        "x:Framing:Checksum:Algorithm: 'Crc16' is not one of 'Crc16Modbus', 'Crc16Ccitt', 'Crc16Xmodem', 'Crc32', 'Lrc', 'Sum8', 'Xor8'."
    )]
    [InlineData(
        """{ "LengthField": {}, "Checksum": { "Algorithm": "Crc32", "Trailer": 1, "End": 4 } }""",
        "x:Framing:Checksum:End: 4 is less than the 5 bytes of the checksum and what is behind it; write at least that, or leave it out."
    )]
    [InlineData(
        """{ "Delimiter": { "Bytes": "\r\n" }, "Checksum": { "Algorithm": "Crc32", "Trailer": 1 } }""",
        "x:Framing:Checksum:Trailer: 1 is less than the 2 bytes of the Delimiter, which are the last; write at least that, or leave it out."
    )]
    [InlineData(
        """{ "LengthField": {}, "Checksum": { "Algorithm": "Sum8", "Endian": "Little" } }""",
        "x:Framing:Checksum:Endian: 'Sum8' has one byte; leave it out."
    )]
    [InlineData(
        """{ "IdleGap": {}, "Checksum": { "Algorithm": "Sum8" } }""",
        "x:Framing:Checksum:Algorithm: 'Sum8' of one byte fits parts of a message by chance, and with IdleGap nothing else tells its end; leave Checksum out."
    )]
    [InlineData(
        """{ "FixedLength": { "Bytes": 5 }, "Checksum": { "Algorithm": "Crc32", "Start": 1 } }""",
        "x:Framing:Checksum: needs messages of at least 6 bytes, but they have at most 5; write a smaller Start, End or Trailer."
    )]
    public void Check_Framing_RefusedAtItsKey(string framing, string expected) =>
        Assert.Equal([expected], Errors($$"""{ "Framing": {{framing}} }"""));

    [Theory]
    [InlineData("""{ "Framing": { "LengthField": {} }, """ + Id + "}")]
    [InlineData("""{ "Framing": { "FixedLength": { "Bytes": 6 } }, """ + Id + "}")]
    [InlineData("""{ "Framing": { "LengthField": { "Offset": 6 } }, """ + Id + "}")]
    [InlineData("""{ "Framing": { "IdleGap": {} }, """ + Id + "}")]
    [InlineData("""{ "Framing": { "LengthField": {}, "Checksum": { "Algorithm": "Crc32", "Start": 6 } }, """ + Id + "}")]
    [InlineData("{" + Id + "}")] // beside a protocol's name
    [InlineData("""{ "NoReplyWhen": { "Offset": 0, "Equals": "00" } }""")]
    [InlineData("""{ "Framing": { "FixedLength": { "Bytes": 2 } }, "NoReplyWhen": { "Offset": 1, "equals": "hex:00" } }""")]
    [InlineData("""{ "NoReplyWhen": { "NotContains": "?" } }""")]
    [InlineData(
        """{ "NoReplyWhen": [{ "NotContains": "?" }, { "StartsWith": "*", "Contains": "hex:00" }, { "Offset": 2, "Equals": "x" }] }"""
    )]
    [InlineData("""{ "NoReplyWhen": null }""")]
    public void Check_CorrelationAndNoReply_Accepted(string block) => Assert.Empty(Errors(block));

    [Theory]
    [InlineData(
        """{ "Framing": { "FixedLength": { "Bytes": 5 } }, """ + Id + "}",
        "x:Correlation: ends at byte 6, but messages have at most 5; write a smaller Offset."
    )]
    [InlineData(
        """{ "Framing": { "LengthField": { "Offset": 5 } }, """ + Id + "}",
        "x:Correlation: overlaps Framing:LengthField; write the position of other bytes."
    )]
    [InlineData(
        """{ "Framing": { "Delimiter": { "Bytes": "a" } }, """ + Id + "}",
        "x:Correlation: cannot be combined with Framing:Delimiter, since an id that the proxy assigns could contain the delimiter; leave it out."
    )]
    [InlineData(
        """{ "Framing": { "LengthField": {}, "Checksum": { "Algorithm": "Crc32", "Start": 5 } }, """ + Id + "}",
        "x:Correlation: is covered by Framing:Checksum, which would be wrong with the id that the proxy writes; leave it out, or use bytes before its Start."
    )]
    [InlineData("""{ "Correlation": { "Offset": 0 } }""", "x:Correlation:Size: is required and missing.")]
    [InlineData("""{ "Correlation": { "Size": 2 } }""", "x:Correlation:Offset: is required and missing.")]
    [InlineData("""{ "Correlation": { "Offset": -1, "Size": 2 } }""", "x:Correlation:Offset: -1 is out of range; 0 to 65535 is allowed.")]
    [InlineData("""{ "Correlation": { "Offset": 0, "Size": 9 } }""", "x:Correlation:Size: 9 is out of range; 1 to 8 is allowed.")]
    [InlineData(
        """{ "Framing": { "FixedLength": { "Bytes": 1 } }, "NoReplyWhen": { "Offset": 0, "Equals": "00" } }""",
        "x:NoReplyWhen: ends at byte 2, but messages have at most 1; write fewer bytes."
    )]
    [InlineData(
        """{ "NoReplyWhen": { "Offset": 0 } }""",
        "x:NoReplyWhen: has no condition; write Equals with Offset, StartsWith, Contains or NotContains."
    )]
    [InlineData(
        """{ "NoReplyWhen": {} }""",
        "x:NoReplyWhen: has no condition; write Equals with Offset, StartsWith, Contains or NotContains."
    )]
    [InlineData("""{ "NoReplyWhen": [] }""", "x:NoReplyWhen: is empty; write a condition, or leave it out.")]
    [InlineData(
        """{ "NoReplyWhen": { "Equals": "a" } }""",
        "x:NoReplyWhen:Offset: is required beside Equals; write the position, or StartsWith instead of Equals."
    )]
    [InlineData(
        """{ "NoReplyWhen": { "Offset": 1, "Contains": "a" } }""",
        "x:NoReplyWhen:Offset: is the position of Equals, and there is none; leave it out."
    )]
    [InlineData(
        """{ "NoReplyWhen": [{ "Contains": "a" }, { "StartsWith": "hex:1" }] }""",
        "x:NoReplyWhen:1:StartsWith: 'hex:1' is not bytes; write two hexadecimal digits for each, such as 'hex:0D0A'."
    )]
    [InlineData(
        """{ "NoReplyWhen": { "NotContains": "" } }""",
        "x:NoReplyWhen:NotContains: is empty; write a text, or bytes such as 'hex:0D0A'."
    )]
    [InlineData("""{ "NoReplyWhen": { "NotContain": "?" } }""", "x:NoReplyWhen:NotContain: unknown key; did you mean 'NotContains'?")]
    [InlineData(
        """{ "Framing": { "FixedLength": { "Bytes": 1 } }, "NoReplyWhen": { "StartsWith": "ab" } }""",
        "x:NoReplyWhen: ends at byte 2, but messages have at most 1; write fewer bytes."
    )]
    [InlineData(
        """{ "NoReplyWhen": { "Offset": 0, "Equals": "hex:" } }""",
        "x:NoReplyWhen:Equals: 'hex:' is not bytes; write two hexadecimal digits for each, such as 'hex:0D0A'."
    )]
    public void Check_CorrelationAndNoReply_RefusedAtTheirKeys(string block, string expected) => Assert.Equal([expected], Errors(block));

    [Fact]
    public void Read_FoldedRequiredNumber_StillChecksTheRest()
    {
        var errors = Errors("""{ "Correlation": {}, "NoReplyWhen": { "Offset": 0, "Equals": "hex:0" } }""");

        Assert.Equal(3, errors.Count);
    }

    private static List<string> Errors(string json)
    {
        Read(json, out var problems);
        return [.. problems.Errors.Select(static error => error.ToString())];
    }

    private static Block Read(string json, out ProblemList problems)
    {
        using var stream = new MemoryStream(Encoding.UTF8.GetBytes(json));
        var configuration = new ConfigurationBuilder().AddJsonStream(stream).Build();
        problems = new ProblemList(configuration, ProxyDocument.Shape(wholeDocument: true));
        var root = new ConfigNode("x", "x");
        using var document = JsonDocument.Parse(json);
        Fill(root, document.RootElement);
        var type = ConfigTypes.Options.GetTypeInfo(typeof(Block));
        var block = new ConfigWalker(problems, wholeDocument: true, CancellationToken.None)
            .Read(root, type, null)
            .Deserialize<Block>(ConfigTypes.Options)!;
        FramingValidator.Check(
            new()
            {
                Framing = block.Framing,
                Correlation = block.Correlation,
                NoReplyWhen = block.NoReplyWhen,
            },
            "x",
            problems
        );
        return block;
    }

    private static void Fill(ConfigNode node, JsonElement element)
    {
        if (element.ValueKind == JsonValueKind.Array && element.GetArrayLength() > 0)
        {
            foreach (var (index, item) in element.EnumerateArray().Index())
            {
                Fill(node.GetOrAdd($"{index}"), item);
            }

            return;
        }

        if (element.ValueKind != JsonValueKind.Object)
        {
            node.Value =
                element.ValueKind == JsonValueKind.Null ? null
                : element.ValueKind == JsonValueKind.Array ? ""
                : element.ToString();
            return;
        }

        node.IsEmptyObject = !element.EnumerateObject().Any();
        foreach (var property in element.EnumerateObject())
        {
            Fill(node.GetOrAdd(property.Name), property.Value);
        }
    }

    private sealed record Block
    {
        public FramingConfig? Framing { get; init; }

        public CorrelationConfig? Correlation { get; init; }

        [OneOrList]
        public NoReplyWhenList? NoReplyWhen { get; init; }
    }
}
