using Proxy.Core.Tests.Multiplexing.Framing;
using Proxy.Multiplexing.Framing;
using Proxy.Multiplexing.Modbus;

namespace Proxy.Core.Tests.Multiplexing.Modbus;

public sealed class ModbusRtuFramerTests
{
    private readonly ModbusRtuFramer _framer = new();

    public static TheoryData<string, string> Pdus => ModbusExamples.Pdus;

    [Theory]
    [InlineData("11 01 0013 0025 0E84", "11 01 05 CD6BB20E1B 45E6")]
    [InlineData("11 02 00C4 0016 BAA9", "11 02 03 ACDB35 2018")]
    [InlineData("11 03 006B 0003 7687", "11 03 06 AE41 5652 4340 49AD")]
    [InlineData("11 04 0008 0001 B298", "11 04 02 000A F8F4")]
    [InlineData("11 05 00AC FF00 4E8B", "11 05 00AC FF00 4E8B")]
    [InlineData("11 06 0001 0003 9A9B", "11 06 0001 0003 9A9B")]
    [InlineData("11 0F 0013 000A 02 CD01 BF0B", "11 0F 0013 000A 2699")]
    [InlineData("11 10 0001 0002 04 000A 0102 C6F0", "11 10 0001 0002 1298")]
    [InlineData("0A 01 04A1 0001 AC63", "0A 81 02 B053")]
    public void Measure_WrittenByHand_Found(string request, string reply)
    {
        var asked = Bytes.Hex(request);

        _framer.IsRequest(
            asked,
            asked[1] <= 4 ? MessageTraits.Safe
                : asked[1] <= 6 ? MessageTraits.RepliesRepeat
                : MessageTraits.None
        );
        _framer.IsReply(Bytes.Hex(reply), asked);
    }

    [Theory]
    [MemberData(nameof(Pdus))]
    public void Measure_EveryFunction_Found(string request, string reply) => ModbusExamples.AreFound(_framer, request, reply);

    [Theory]
    [InlineData("11 03 006B 0003 7688")]
    [InlineData("11 03 006B 0003 8776")]
    [InlineData("11 10 0001 0002 04 000A 0102 C6F1")]
    [InlineData("11 10 0000 0000 FF 0000")] // 264 bytes
    [InlineData("11 00 0000")]
    [InlineData("11 83 02 C134")] // nobody asks with an exception
    public void Measure_NoRequest_IsMalformed(string message) => _framer.IsMalformed(Bytes.Hex(message));

    [Theory]
    [InlineData("11 03 FE 00")] // 259 bytes
    [InlineData("11 03 02 0000 0000")] // no CRC
    public void Measure_SpoiltReply_IsMalformedWhenNothingFollows(string reply) =>
        _framer.IsMalformedInSilence(Bytes.Hex(reply), Bytes.Hex("11 03 006B 0003 7687"));

    [Theory]
    [InlineData("00")]
    [InlineData("FF FF 00")]
    [InlineData("12 03 02 0000 39 05")] // another unit
    [InlineData("11 04 02 0000 78 F3")] // another function
    [InlineData("11 03 02 0000 0000")] // a frame that was spoilt
    [InlineData("03 11 03 FE")] // starts that are none
    [InlineData(
        "000102030405060708090A0B0C0D0E0F 202122232425262728292A2B2C2D2E2F 303132333435363738393A3B3C3D3E3F 404142434445464748494A4B4C4D4E4F"
    )]
    public void Measure_NoiseBeforeAReply_IsSkipped(string noise)
    {
        var request = Bytes.Hex("11 03 006B 0003 7687");
        var reply = Bytes.Hex("11 03 06 AE41 5652 4340 49AD");
        byte[] all = [.. Bytes.Hex(noise), .. reply];

        // A start that is none may hide the reply until no byte comes.
        var measure = _framer.Reply(all, request, InputState.Silent);
        Assert.Equal(FrameMeasure.Skip(all.Length - reply.Length), measure);
        if (!noise.Contains("FE", StringComparison.Ordinal))
        {
            _framer.IsFoundBehind(Bytes.Hex(noise), reply, request);
        }
    }

    [Fact]
    public void Measure_MoreNoiseThanIsSkipped_IsMalformed() =>
        Assert.Equal(FrameStatus.Malformed, _framer.Reply(new byte[65], Bytes.Hex("11 03 006B 0003 7687")).Status);

    [Fact]
    public void Measure_LengthUnknownReplyInParts_IsWaitedForAfterSilence()
    {
        var request = ModbusExamples.Framed(_framer, "41 01");
        var reply = ModbusExamples.Framed(_framer, "41 01 02 03 04");

        var silent = _framer.Reply(reply[..5], request, InputState.Silent);
        Assert.Equal((FrameStatus.NeedMore, TimeSpan.Zero), (silent.Status, silent.Silence));
        Assert.Equal(FrameMeasure.Complete(reply.Length), _framer.Reply(reply, request));
        Assert.Equal(FrameMeasure.Complete(reply.Length), _framer.Reply([.. reply, 1, 2], request, InputState.Silent));
        Assert.Equal(FrameMeasure.Skip(2), _framer.Reply([0, 0xFF, .. reply], request));
    }

    [Theory]
    [InlineData("11 18 00FB 0000", "11 18 04DE")]
    [InlineData("11 18 FFFF 0000", "11 18 04DE")]
    [InlineData("11 2B 0E 01 01 00 00 FF 00", "11 2B 0E 01 00")]
    [InlineData("11 2B 0E 01 01 00 00 01 00 FF", "11 2B 0E 01 00")]
    public void Measure_CountsBeyondTheBound_IsMalformed(string reply, string request) =>
        _framer.IsMalformedInSilence(Bytes.Hex(reply), Bytes.Hex(request));

    [Fact]
    public void Measure_UnitZeroAnsweredByADevice_Passes() =>
        _framer.IsReply(ModbusExamples.Framed(_framer, "03 02 0001"), ModbusExamples.Framed(_framer, "03 0000 0001", unit: 0));

    [Theory]
    [InlineData(0, "06 0001 0003", MessageTraits.NoReply)]
    [InlineData(0, "10 0001 0002 04 000A 0102", MessageTraits.NoReply)]
    [InlineData(0, "41 01", MessageTraits.NoReply)]
    [InlineData(0, "03 0000 0001", MessageTraits.Safe)]
    [InlineData(0, "17 0003 0001 000E 0001 02 00FF", MessageTraits.None)]
    [InlineData(1, "06 0001 0003", MessageTraits.RepliesRepeat)]
    [InlineData(1, "08 0004 0000", MessageTraits.NoReply)]
    [InlineData(1, "08 0001 0000", MessageTraits.RepliesRepeat)]
    [InlineData(1, "10 0001 0002 04 000A 0102", MessageTraits.None)]
    [InlineData(1, "2B 0E 01 00", MessageTraits.Safe)]
    [InlineData(1, "2B 0D 01 00", MessageTraits.None)]
    [InlineData(1, "18 04DE", MessageTraits.Safe)]
    public void Measure_Request_KnowsItsTraits(byte unit, string pdu, MessageTraits expected) =>
        Assert.Equal(expected, _framer.Request(ModbusExamples.Framed(_framer, pdu, unit)).Traits);

    [Theory]
    [InlineData("41 01 02 03 04")]
    [InlineData("64")]
    [InlineData("2B 0D 01 02 03")]
    [InlineData("08 0000 1111 2222")]
    public void Measure_LengthUnknown_EndsWhereTheCrcFits(string pdu)
    {
        var message = ModbusExamples.Framed(_framer, pdu);

        Assert.Equal(message.Length, _framer.Request(message).Length);
        var part = _framer.Request(message[..^1]);
        Assert.Equal((FrameStatus.NeedMore, message.Length), (part.Status, part.Length));
        Assert.True(part.Silence > TimeSpan.Zero);
    }

    [Fact]
    public void Measure_LengthUnknownAndMoreInTheBuffer_WaitsForSilence()
    {
        var message = ModbusExamples.Framed(_framer, "41 01 02 03 04");
        byte[] buffer = [.. message, .. ModbusExamples.Framed(_framer, "41 05 06")];

        Assert.Equal(FrameStatus.NeedMore, _framer.Request(buffer).Status);
        var whole = FrameMeasure.Complete(message.Length, MessageTraits.RepliesRepeat);
        Assert.Equal(whole, _framer.Request(buffer, InputState.Silent));
        Assert.Equal(whole, _framer.Request(buffer, InputState.Ended));
    }

    [Fact]
    public void Measure_LengthUnknownAndNoCrc_IsMalformedInSilenceOrAtTheBound()
    {
        byte[] noise = [0x11, 0x41, .. new byte[253]];

        Assert.Equal(FrameStatus.NeedMore, _framer.Request(noise).Status);
        Assert.Equal(FrameStatus.Malformed, _framer.Request(noise, InputState.Silent).Status);
        Assert.Equal(FrameStatus.Malformed, _framer.Request([.. noise, 0]).Status);
    }

    [Fact]
    public void Measure_LengthUnknownLongest_Passes()
    {
        var message = ModbusExamples.Framed(_framer, "41" + new string('A', 2 * 252));

        Assert.Equal(256, message.Length);
        Assert.Equal(FrameMeasure.Complete(256, MessageTraits.RepliesRepeat), _framer.Request(message));
    }

    [Fact]
    public void Measure_SilenceInAFrameOfKnownLength_MeansNothing()
    {
        var part = _framer.Request(Bytes.Hex("11 03 006B"), InputState.Silent);

        Assert.Equal((FrameStatus.NeedMore, 8), (part.Status, part.Length));
        Assert.Equal(TimeSpan.Zero, part.Silence);
    }
}
