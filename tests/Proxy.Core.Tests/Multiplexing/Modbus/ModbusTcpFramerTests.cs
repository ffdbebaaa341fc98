using Proxy.Core.Tests.Multiplexing.Framing;
using Proxy.Multiplexing.Framing;
using Proxy.Multiplexing.Modbus;

namespace Proxy.Core.Tests.Multiplexing.Modbus;

public sealed class ModbusTcpFramerTests
{
    private readonly ModbusTcpFramer _framer = new();

    public static TheoryData<string, string> Pdus => ModbusExamples.Pdus;

    [Fact]
    public void Measure_WrittenByHand_Found()
    {
        var request = Bytes.Hex("0001 0000 0006 11 03 006B 0003");

        _framer.IsRequest(request, MessageTraits.Safe);
        _framer.IsReply(Bytes.Hex("0001 0000 0009 11 03 06 AE41 5652 4340"), request);
        _framer.IsRequest(Bytes.Hex("FFFF 0000 0006 11 06 0001 0003"));
    }

    [Theory]
    [MemberData(nameof(Pdus))]
    public void Measure_EveryFunction_Found(string request, string reply) => ModbusExamples.AreFound(_framer, request, reply);

    [Theory]
    [InlineData("0001 0000 0001 11")] // a unit id only
    [InlineData("0001 1234 0002 11 FF")] // any protocol id, any function
    [InlineData("0001 0000 0004 11 03 FF 00")] // any byte count
    public void Measure_WhatOnlyADeviceCouldJudge_Passes(string message)
    {
        _framer.IsReply(Bytes.Hex(message), Bytes.Hex("0001 0000 0006 11 03 006B 0003"));
        Assert.Equal(Bytes.Hex(message).Length, _framer.Request(Bytes.Hex(message)).Length);
    }

    [Fact]
    public void Measure_Longest_Passes() => _framer.IsReply([0, 1, 0, 0, 0, 254, .. new byte[254]], [0, 1]);

    [Theory]
    [InlineData("0001 0000 0000")]
    [InlineData("0001 0000 00FF 11")]
    [InlineData("0001 0000 FFFF 11")]
    [InlineData("4745 5420 2F20 4854")] // GET / HT
    public void Measure_ImpossibleLength_IsMalformed(string message) => _framer.IsMalformed(Bytes.Hex(message));

    [Fact]
    public void Measure_UnitZero_ExpectsReply() =>
        Assert.Equal(MessageTraits.None, _framer.Request(Bytes.Hex("0001 0000 0006 00 06 0001 0003")).Traits);

    [Fact]
    public void Correlation_IsTheTransactionId()
    {
        var message = Bytes.Hex("1234 0000 0006 11 03 006B 0003");

        Assert.True(_framer.Correlation!.Value.TryRead(message, out var id));
        Assert.True(_framer.Correlation.Value.TryWrite(message, 0xABCD));

        Assert.Equal(0x1234UL, id);
        Assert.Equal(Bytes.Hex("ABCD 0000 0006 11 03 006B 0003"), message);
    }
}
