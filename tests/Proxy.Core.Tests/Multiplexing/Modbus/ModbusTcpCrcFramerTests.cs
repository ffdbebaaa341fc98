using Proxy.Core.Tests.Multiplexing.Framing;
using Proxy.Multiplexing.Framing;
using Proxy.Multiplexing.Modbus;

namespace Proxy.Core.Tests.Multiplexing.Modbus;

public sealed class ModbusTcpCrcFramerTests
{
    private readonly ModbusTcpCrcFramer _framer = new();

    public static TheoryData<string, string> Pdus => ModbusExamples.Pdus;

    [Fact]
    public void Measure_WrittenByHand_Found()
    {
        var request = Bytes.Hex("0001 0000 0008 11 03 006B 0003 7687");

        _framer.IsRequest(request, MessageTraits.Safe);
        _framer.IsReply(Bytes.Hex("0001 0000 000B 11 03 06 AE41 5652 4340 49AD"), request);
    }

    [Theory]
    [MemberData(nameof(Pdus))]
    public void Measure_EveryFunction_Found(string request, string reply) => ModbusExamples.AreFound(_framer, request, reply);

    [Fact]
    public void Measure_Longest_Passes()
    {
        var longest = ModbusExamples.Framed(_framer, new string('0', 2 * 253));

        Assert.Equal(262, longest.Length);
        _framer.IsReply(longest, [0, 0]);
    }

    [Theory]
    [InlineData("0001 0000 0003 11 03 00")]
    [InlineData("0001 0000 0101 11")]
    [InlineData("0001 0000 0008 11 03 006B 0003 7688")]
    [InlineData("0001 0000 0008 11 03 006B 0003 8776")]
    public void Measure_BadLengthOrCrc_IsMalformed(string message) => _framer.IsMalformed(Bytes.Hex(message));
}
