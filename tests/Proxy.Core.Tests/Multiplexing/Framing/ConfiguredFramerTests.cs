using Proxy.Core.Tests.Multiplexing.Modbus;
using Proxy.Multiplexing.Framing;
using Proxy.Multiplexing.Modbus;

namespace Proxy.Core.Tests.Multiplexing.Framing;

public sealed class ConfiguredFramerTests
{
    private readonly LengthFieldFramer _inner = new("test", "Test.", new LengthField(0, 1), 100);

    [Fact]
    public void Measure_NoReplyWhen_MarksRequestsThatMatch()
    {
        var framer = new ConfiguredFramer(_inner, null, [new() { Offset = 1, EqualTo = [7, 8] }]);

        framer.IsRequest([3, 7, 8, 0], MessageTraits.NoReply);
        framer.IsRequest([2, 7, 8], MessageTraits.NoReply);
        framer.IsRequest([3, 7, 9, 0]);
        framer.IsRequest([1, 7]);
        framer.IsRequest([0]);
        framer.IsReply([3, 7, 8, 0], [0]);
    }

    [Fact]
    public void Measure_SeveralConditions_AllHaveToHold()
    {
        var framer = new ConfiguredFramer(
            _inner,
            null,
            [
                new()
                {
                    StartsWith = [3, 1],
                    Contains = [5],
                    NotContains = [9, 9],
                },
            ]
        );

        framer.IsRequest([3, 1, 5, 9], MessageTraits.NoReply);
        framer.IsRequest([3, 1, 9, 5], MessageTraits.NoReply);
        framer.IsRequest([3, 2, 5, 9]);
        framer.IsRequest([3, 1, 6, 9]);
        framer.IsRequest([4, 1, 5, 9, 9]);
    }

    [Fact]
    public void Measure_ListOfRules_AnyHasToHold()
    {
        var framer = new ConfiguredFramer(
            new DelimiterFramer("lines", "Test.", "\n"u8.ToArray(), 100),
            null,
            [new() { NotContains = "?"u8.ToArray() }, new() { StartsWith = "!"u8.ToArray() }]
        );

        framer.IsRequest("*CLS\n"u8.ToArray(), MessageTraits.NoReply);
        framer.IsRequest("!now?\n"u8.ToArray(), MessageTraits.NoReply);
        framer.IsRequest("VOLT?\n"u8.ToArray());
        Assert.Equal(FrameMeasure.Complete(5, MessageTraits.NoReply), framer.Request("*CLS\nVOLT?\n"u8.ToArray()));
    }

    [Fact]
    public void Measure_RuleAndNextMessage_LooksOnlyAtTheFirst() =>
        Assert.Equal(
            FrameMeasure.Complete(2),
            new ConfiguredFramer(_inner, null, [new() { Offset = 1, EqualTo = [7, 8] }]).Request([1, 7, 8, 7])
        );

    [Fact]
    public void Measure_RuleWhereTheFramerHasItsOwn_DecidesAlone()
    {
        var rtu = new ModbusRtuFramer();
        var broadcast = ModbusExamples.Framed(rtu, "06 0001 0003", unit: 0);
        Assert.Equal(MessageTraits.NoReply, rtu.Request(broadcast).Traits);

        var framer = new ConfiguredFramer(rtu, null, [new() { EqualTo = [1] }]);

        Assert.Equal(FrameMeasure.Complete(broadcast.Length), framer.Request(broadcast));
        Assert.Same(rtu.Rules, framer.Rules);
        Assert.Equal((rtu.Name, rtu.Description, rtu.MaxBytes), (framer.Name, framer.Description, framer.MaxBytes));
    }

    [Fact]
    public void Measure_TooShortForTheId_IsMalformed()
    {
        var framer = new ConfiguredFramer(_inner, new CorrelationField(1, 2), []);

        Assert.Equal(new CorrelationField(1, 2), framer.Correlation);
        framer.IsRequest([2, 0, 1]);
        framer.IsMalformed([1, 0]);
        framer.IsMalformed([1, 0], [2, 0, 1]);
    }
}
