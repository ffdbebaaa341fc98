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
        var framer = new ConfiguredFramer(_inner, null, new MessagePattern(1, [7, 8]));

        framer.IsRequest([3, 7, 8, 0], MessageTraits.NoReply);
        framer.IsRequest([2, 7, 8], MessageTraits.NoReply);
        framer.IsRequest([3, 7, 9, 0]);
        framer.IsRequest([1, 7]);
        framer.IsRequest([0]);
        framer.IsReply([3, 7, 8, 0], [0]);
    }

    [Fact]
    public void Measure_RuleAndNextMessage_LooksOnlyAtTheFirst() =>
        Assert.Equal(FrameMeasure.Complete(2), new ConfiguredFramer(_inner, null, new MessagePattern(1, [7, 8])).Request([1, 7, 8, 7]));

    [Fact]
    public void Measure_RuleWhereTheFramerHasItsOwn_DecidesAlone()
    {
        var rtu = new ModbusRtuFramer();
        var broadcast = ModbusExamples.Framed(rtu, "06 0001 0003", unit: 0);
        Assert.Equal(MessageTraits.NoReply, rtu.Request(broadcast).Traits);

        var framer = new ConfiguredFramer(rtu, null, new MessagePattern(0, [1]));

        Assert.Equal(FrameMeasure.Complete(broadcast.Length), framer.Request(broadcast));
        Assert.Same(rtu.Rules, framer.Rules);
        Assert.Equal((rtu.Name, rtu.Description, rtu.MaxBytes), (framer.Name, framer.Description, framer.MaxBytes));
    }

    [Fact]
    public void Measure_TooShortForTheId_IsMalformed()
    {
        var framer = new ConfiguredFramer(_inner, new CorrelationField(1, 2), null);

        Assert.Equal(new CorrelationField(1, 2), framer.Correlation);
        framer.IsRequest([2, 0, 1]);
        framer.IsMalformed([1, 0]);
        framer.IsMalformed([1, 0], [2, 0, 1]);
    }
}
