using System.Buffers;
using Proxy.Configuration.Multiplexing;
using Proxy.Core.Tests.Multiplexing.Framing;
using Proxy.Multiplexing.Framing;
using Proxy.Multiplexing.Modbus;

namespace Proxy.Core.Tests.Multiplexing.Modbus;

public sealed class ModbusRulesTests
{
    private static readonly ModbusTcpFramer _tcp = new();
    private static readonly ModbusRtuFramer _rtu = new();

    [Theory]
    [InlineData("03 006B 0003", true)]
    [InlineData("01 0000 0001", true)]
    [InlineData("06 0001 0003", false)]
    [InlineData("07", false)]
    public void Describe_Request_OnlyCommonReadsHaveAKey(string pdu, bool isShared)
    {
        foreach (var framer in (IModbusFramer[])[_tcp, _rtu, new ModbusAsciiFramer(), new ModbusTcpCrcFramer()])
        {
            var facts = framer.Rules.Describe(ModbusExamples.Framed(framer, pdu));

            Assert.Equal((ushort)0x11, facts.Unit);
            Assert.Equal(isShared, facts.ShareKey != 0);
            Assert.False(facts.ConcernsAllUnits);
        }
    }

    [Fact]
    public void Describe_UnitAddressOrCountDiffers_KeysDiffer()
    {
        UInt128[] keys =
        [
            Key("03 006B 0003", unit: 1),
            Key("03 006B 0003", unit: 2),
            Key("04 006B 0003", unit: 1),
            Key("03 006C 0003", unit: 1),
            Key("03 006B 0004", unit: 1),
        ];

        Assert.Equal(keys.Length, keys.Distinct().Count());
    }

    [Fact]
    public void Describe_Broadcast_ConcernsAllUnits() =>
        Assert.True(_rtu.Rules.Describe(ModbusExamples.Framed(_rtu, "06 0001 0003", unit: 0)).ConcernsAllUnits);

    [Theory]
    [InlineData("03 02 0001", ReplyMeaning.Answer)]
    [InlineData("83 02", ReplyMeaning.Error)]
    [InlineData("83 0A", ReplyMeaning.Error)]
    [InlineData("83 0B", ReplyMeaning.NoAnswer)]
    [InlineData("04 02 0001", ReplyMeaning.Mismatch)]
    public void Judge_ReplyToARead_SaysWhatItMeans(string reply, ReplyMeaning expected)
    {
        var request = ModbusExamples.Framed(_tcp, "03 006B 0001");

        Assert.Equal(expected, _tcp.Rules.Judge(request, ModbusExamples.Framed(_tcp, reply, request: request)));
    }

    [Fact]
    public void Judge_ReplyOfAnotherUnit_IsNoAnswerToTheRequest()
    {
        var request = ModbusExamples.Framed(_tcp, "03 006B 0001");
        var reply = ModbusExamples.Framed(_tcp, "03 02 0001", unit: 0x12, request);

        Assert.Equal(ReplyMeaning.Mismatch, _tcp.Rules.Judge(request, reply));
    }

    [Fact]
    public void TryConvert_RequestOfAnotherFraming_HasTheUnitAskedFor()
    {
        var writer = new ArrayBufferWriter<byte>();

        Assert.True(_rtu.Rules.TryConvert(_tcp.Rules, ModbusExamples.Framed(_tcp, "03 006B 0003"), 0x0A, [], writer));

        Assert.Equal(ModbusExamples.Framed(_rtu, "03 006B 0003", unit: 0x0A), writer.WrittenSpan.ToArray());
    }

    [Fact]
    public void TryConvert_Reply_HasTheTransactionIdOfTheRequest()
    {
        var writer = new ArrayBufferWriter<byte>();
        var request = Bytes.Hex("0007 0000 0006 11 03 006B 0001");

        Assert.True(_tcp.Rules.TryConvert(_rtu.Rules, ModbusExamples.Framed(_rtu, "03 02 0001", unit: 0x0A), 0x11, request, writer));

        Assert.Equal(Bytes.Hex("0007 0000 0005 11 03 02 0001"), writer.WrittenSpan.ToArray());
    }

    [Fact]
    public void TryConvert_FromAnotherProtocol_WritesNothing()
    {
        var writer = new ArrayBufferWriter<byte>();

        Assert.False(_tcp.Rules.TryConvert(NoRules.Instance, Bytes.Text("hello\n"), 1, [], writer));
        Assert.Equal(0, writer.WrittenCount);
    }

    [Theory]
    [InlineData("06 0001 0003", "06 0001 0003")]
    [InlineData("10 0001 0002 04 000A 0102", "10 0001 0002")]
    [InlineData("16 0004 00F2 0025", "16 0004 00F2 0025")]
    [InlineData("17 0003 0006 000E 0001 02 00FF", null)]
    [InlineData("03 006B 0003", null)]
    public void TryWriteLocal_Done_IsWhatADeviceAnswersToTheWrite(string request, string? reply)
    {
        var writer = new ArrayBufferWriter<byte>();

        var isWritten = _rtu.Rules.TryWriteLocal(LocalReply.Done, ModbusExamples.Framed(_rtu, request), writer);

        Assert.Equal(reply is not null, isWritten);
        Assert.Equal(reply is null ? [] : ModbusExamples.Framed(_rtu, reply), writer.WrittenSpan.ToArray());
    }

    [Fact]
    public void RulesOf_Route_JudgesMapsAndLeadsUnitsAway()
    {
        var config = new MultiplexModbusConfig
        {
            Writes = ModbusWrites.Ignore,
            AllowedWrites = [new AllowedWriteConfig { Registers = "1-2" }],
            UnitMap = new Dictionary<string, int> { ["17"] = 247 },
            Units = new Dictionary<string, ModbusUnitConfig> { ["7"] = new() { ClusterId = "other" } },
        };

        var rules = _tcp.Rules.RulesOf(new MultiplexConfig { Modbus = config })!;

        Assert.Equal(RequestVerdict.Allow, rules.Judge(ModbusExamples.Framed(_tcp, "03 006B 0003")));
        Assert.Equal(RequestVerdict.Allow, rules.Judge(ModbusExamples.Framed(_tcp, "06 0001 0003")));
        Assert.Equal(RequestVerdict.Ignore, rules.Judge(ModbusExamples.Framed(_tcp, "06 0003 0003")));
        Assert.Equal(247, rules.UnitFor(17));
        Assert.Equal(18, rules.UnitFor(18));
        Assert.Equal("other", rules.ClusterOf(7));
        Assert.Null(rules.ClusterOf(8));
    }

    [Fact]
    public void RulesOf_RouteThatSaysNothing_AreNone() => Assert.Null(_tcp.Rules.RulesOf(new MultiplexConfig()));

    private static UInt128 Key(string pdu, byte unit) => _tcp.Rules.Describe(ModbusExamples.Framed(_tcp, pdu, unit)).ShareKey;
}
