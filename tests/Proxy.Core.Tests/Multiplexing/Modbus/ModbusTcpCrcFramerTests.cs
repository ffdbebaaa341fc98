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
        var longest = ModbusExamples.Framed(_framer, "64" + new string('0', 2 * 252));

        Assert.Equal(262, longest.Length);
        _framer.IsReply(longest, [0, 0]);
    }

    [Theory]
    [InlineData("0001 0000 0003 11 03 00")]
    [InlineData("0001 0000 0101 11")]
    [InlineData("0001 0000 0008 11 03 006B 0003 7688")]
    [InlineData("0001 0000 0008 11 03 006B 0003 8776")]
    public void Measure_BadLengthOrCrc_IsMalformed(string message) => _framer.IsMalformed(Bytes.Hex(message));

    [Theory]
    [InlineData("00")]
    [InlineData("0000")]
    [InlineData("000000")]
    [InlineData("FF00FF")]
    [InlineData("0001 0000 0003")]
    public void Measure_NoiseBeforeAReply_IsSkipped(string noise)
    {
        var request = Bytes.Hex("0001 0000 0008 11 03 006B 0003 7687");
        var reply = Bytes.Hex("0001 0000 000B 11 03 06 AE41 5652 4340 49AD");
        byte[] all = [.. Bytes.Hex(noise), .. reply];

        // A reply whose id is among the noise has to be found, too, when it is not known which request it answers.
        Assert.Equal(FrameMeasure.Skip(all.Length - reply.Length), _framer.Reply(all, request, InputState.Silent));
        Assert.Equal(FrameMeasure.Skip(all.Length - reply.Length), _framer.Reply(all, [], InputState.Silent));
        Assert.Equal(FrameStatus.NeedMore, _framer.Reply(Bytes.Hex(noise), request).Status);
    }

    [Fact]
    public void Measure_SpoiltReply_IsMalformedWhenNothingFollows() =>
        _framer.IsMalformedInSilence(
            Bytes.Hex("0001 0000 000B 11 03 06 AE41 5652 4340 49AE"),
            Bytes.Hex("0001 0000 0008 11 03 006B 0003 7687")
        );

    // The reply to a write may be its copy, which is no echo.
    [Fact]
    public void Measure_Write_RepliesRepeat() =>
        Assert.Equal(MessageTraits.RepliesRepeat, _framer.Request(ModbusExamples.Framed(_framer, "06 0001 0003")).Traits);
}
