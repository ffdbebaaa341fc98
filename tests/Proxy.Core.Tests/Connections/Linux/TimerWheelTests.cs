using Proxy.Connections.Linux;

namespace Proxy.Core.Tests.Connections.Linux;

public sealed class TimerWheelTests
{
    [Fact]
    public void Advance_TimerThrows_OthersOfTheSameTickComeWithTheNextCall()
    {
        var wheel = new TimerWheel(0);
        var called = 0;
        wheel.Schedule(new Timer(() => called++), TimerWheel.Tick);
        wheel.Schedule(new Timer(() => throw new InsufficientMemoryException()), TimerWheel.Tick);
        wheel.Schedule(new Timer(() => called++), TimerWheel.Tick);

        Assert.Throws<InsufficientMemoryException>(() => wheel.Advance(TimerWheel.Tick));
        Assert.Equal(TimerWheel.Tick, wheel.NextDue);
        wheel.Advance(TimerWheel.Tick);

        Assert.Equal((2, 0), (called, wheel.Count));
    }

    private sealed class Timer(Action called) : LoopTimer
    {
        public override long OnTimer(long now)
        {
            called();
            return Never;
        }
    }
}
