using Proxy.Multiplexing.Framing;

namespace Proxy.Core.Tests.Multiplexing.Framing;

public sealed class FixedLengthFramerTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(16)]
    public void Measure_Message_HasThatLength(int length)
    {
        new FixedLengthFramer(length).IsRequest(new byte[length]);
        new FixedLengthFramer(length).IsReply(new byte[length], new byte[length]);
    }

    [Fact]
    public void Measure_Part_NeedsAll() => Assert.Equal(16, new FixedLengthFramer(16).Request([1]).Length);

    [Fact]
    public void Measure_CutOff_StaysUnfinished() =>
        Assert.Equal(FrameStatus.NeedMore, new FixedLengthFramer(16).Request([1], InputState.Ended).Status);
}
