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
    [InlineData("\0")]
    [InlineData(":12030200")]
    [InlineData(":1204020000E8\r\n")] // another unit and function
    [InlineData(":1103020000EB\r\n")] // the LRC is wrong
    [InlineData("Press any key:\r\n")]
    public void Measure_NoiseBeforeAReply_IsSkipped(string noise) =>
        _framer.IsFoundBehind(Bytes.Text(noise), Bytes.Text(":110306AE4156524340CC\r\n"), Bytes.Text(":1103006B00037E\r\n"));

    [Fact]
    public void Measure_SpoiltReply_IsMalformedWhenNothingFollows() =>
        _framer.IsMalformedInSilence(Bytes.Text(":110306AE4156524340CD\r\n"), Bytes.Text(":1103006B00037E\r\n"));

    [Fact]
    public void Measure_Longest_Passes()
    {
        var longest = ModbusExamples.Framed(_framer, "41" + new string('A', 2 * 252));

        Assert.Equal(513, longest.Length);
        _framer.IsRequest(longest, MessageTraits.RepliesRepeat);
    }

    [Theory]
    [InlineData(511)]
    [InlineData(600)]
    public void Measure_TooLong_IsMalformed(int digits) => _framer.IsMalformed(Bytes.Text(":" + new string('0', digits) + "\r\n"));

    [Fact]
    public void Measure_Broadcast_ExpectsNoReply() =>
        Assert.Equal(MessageTraits.NoReply, _framer.Request(ModbusExamples.Framed(_framer, "06 0001 0003", unit: 0)).Traits);
}
