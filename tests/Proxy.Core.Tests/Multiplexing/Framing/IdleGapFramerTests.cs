using Proxy.Multiplexing.Framing;

namespace Proxy.Core.Tests.Multiplexing.Framing;

public sealed class IdleGapFramerTests
{
    private static readonly TimeSpan _gap = TimeSpan.FromMilliseconds(50);
    private readonly IdleGapFramer _framer = new(_gap, 4);

    [Theory]
    [InlineData(InputState.Silent)]
    [InlineData(InputState.Ended)]
    public void Measure_NothingMore_EndsTheMessage(InputState input)
    {
        Assert.Equal(FrameMeasure.Complete(3), _framer.Request([1, 2, 3], input));
        Assert.Equal(FrameMeasure.Complete(4), _framer.Reply([1, 2, 3, 4], [1], input));
    }

    [Fact]
    public void Measure_MoreMayCome_AsksForSilence() =>
        Assert.Equal(FrameMeasure.NeedMore(4, 4, silence: _gap), _framer.Request([1, 2, 3]));

    [Theory]
    [InlineData(InputState.Silent)]
    [InlineData(InputState.Ended)]
    public void Measure_Nothing_IsNoMessage(InputState input) => Assert.Equal(FrameStatus.NeedMore, _framer.Request([], input).Status);

    [Theory]
    [InlineData(InputState.Open, 4)]
    [InlineData(InputState.Silent, 5)]
    [InlineData(InputState.Ended, 5)]
    public void Measure_LongerThanAllowed_IsMalformed(InputState input, int length) =>
        Assert.Equal(FrameStatus.Malformed, _framer.Request(new byte[length], input).Status);
}
