using Proxy.Core.Tests.Multiplexing.Framing;
using Proxy.Multiplexing.Framing;
using Proxy.Multiplexing.Modbus;

namespace Proxy.Core.Tests.Multiplexing.Modbus;

public sealed class ModbusAsciiFramerTests
{
    private readonly ModbusAsciiFramer _framer = new();

    public static TheoryData<string, string> Pdus => ModbusExamples.Pdus;

    [Fact]
    public void Measure_WrittenByHand_Found()
    {
        var request = Bytes.Text(":1103006B00037E\r\n");

        _framer.IsRequest(request, MessageTraits.Safe);
        _framer.IsRequest(Bytes.Text(":1103006b00037e\r\n"), MessageTraits.Safe);
        _framer.IsReply(Bytes.Text(":110306AE4156524340CC\r\n"), request);
        _framer.IsReply(Bytes.Text(":1183026A\r\n"), request);
    }

    [Theory]
    [MemberData(nameof(Pdus))]
    public void Measure_EveryFunction_Found(string request, string reply) => ModbusExamples.AreFound(_framer, request, reply);

    [Theory]
    [InlineData("1103006B00037E\r\n")]
    [InlineData("\r\n:1103006B00037E\r\n")]
    [InlineData(":1103006B00037F\r\n")] // LRC
    [InlineData(":1103006B00037\r\n")] // half a byte
    [InlineData(":1103\r\n")] // no LRC
    [InlineData(":\r\n")]
    [InlineData(":1103006B00037E\n")]
    [InlineData(":1103006B00037E\r:")]
    [InlineData(":1103006G00037E\r\n")]
    [InlineData(":1103:1103006B00037E\r\n")]
    public void Measure_NoMessage_IsMalformed(string message) => _framer.IsMalformed(Bytes.Text(message));

    [Theory]
    [InlineData("12 03 02 0000")]
    [InlineData("11 04 02 0000")]
    public void Measure_NoReplyToThis_IsMalformed(string adu)
    {
        var bytes = Bytes.Hex(adu);

        _framer.IsMalformed(ModbusExamples.Framed(_framer, Convert.ToHexString(bytes[1..]), bytes[0]), Bytes.Text(":1103006B00037E\r\n"));
    }

    [Fact]
    public void Measure_Longest_Passes()
    {
        var longest = ModbusExamples.Framed(_framer, "41" + new string('A', 2 * 252));

        Assert.Equal(513, longest.Length);
        _framer.IsRequest(longest);
    }

    [Theory]
    [InlineData(511)]
    [InlineData(600)]
    public void Measure_TooLong_IsMalformed(int digits) => _framer.IsMalformed(Bytes.Text(":" + new string('0', digits) + "\r\n"));

    [Fact]
    public void Measure_Broadcast_ExpectsNoReply() =>
        Assert.Equal(MessageTraits.NoReply, _framer.Request(ModbusExamples.Framed(_framer, "06 0001 0003", unit: 0)).Traits);
}
