using Proxy.Multiplexing;

namespace Proxy.Core.Tests.Multiplexing;

public sealed class ClientLagTests
{
    private readonly ClientLag _lag = new();

    [Fact]
    public void Check_ClientHasNothingToDo_Zero()
    {
        _lag.Begin(1000);
        _lag.End(0, 100, 1000);

        Assert.Equal((0, null), (_lag.Check(9000, keepsOthersWaiting: true), _lag.Since));
    }

    [Fact]
    public void Check_Silence_CountsFromTheLastByteAlsoBeforeOthersWaited()
    {
        _lag.Begin(1000);

        Assert.Equal(2000, _lag.Check(3000, keepsOthersWaiting: false));
        Assert.Equal(2500, _lag.Check(3500, keepsOthersWaiting: true));
    }

    [Fact]
    public void Check_AByteNowAndThen_Adds()
    {
        for (var now = 0; now < 5000; now += 1000)
        {
            _lag.Begin(now);
            _lag.Check(now + 1000, keepsOthersWaiting: true);
            _lag.End(1, 100, now + 1000);
        }

        _lag.Begin(5000);

        Assert.Equal(5000 - (5 * 10), _lag.Check(5000, keepsOthersWaiting: true));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(100)]
    [InlineData(1000)]
    public void Check_BytesMoreFrequentThanChecks_AddsAllTheSame(int pause)
    {
        // A tenth of the least rate: nine tenths of the time are missing.
        var bytes = 0L;
        for (var now = 0; now < 10_000; now += pause)
        {
            _lag.Begin(now);
            var due = (now + pause) / 10;
            _lag.End((int)(due - bytes), 1000, now + pause);
            bytes = due;
            if ((now / 1000) != ((now + pause) / 1000))
            {
                _lag.Begin(now + pause);
                _lag.Check(now + pause, keepsOthersWaiting: true);
            }
        }

        _lag.Begin(10_000);

        Assert.InRange(_lag.Check(10_000, keepsOthersWaiting: true), 8_900, 9_100);
    }

    [Fact]
    public void Check_SteadyAtTheLeastRate_NeverAdds()
    {
        for (var now = 0; now < 60_000; now += 50)
        {
            _lag.Begin(now);
            _lag.End(50, 1000, now + 50);
            _lag.Begin(now + 50);
            Assert.Equal(0, _lag.Check(now + 50, keepsOthersWaiting: true));
        }
    }

    [Fact]
    public void Check_NothingWaits_SlownessDoesNotAdd()
    {
        for (var now = 0; now < 5000; now += 1000)
        {
            _lag.Begin(now);
            _lag.Check(now + 1000, keepsOthersWaiting: false);
            _lag.End(1, 100, now + 1000);
        }

        _lag.Begin(5000);

        Assert.Equal(100, _lag.Check(5100, keepsOthersWaiting: true));
    }

    [Fact]
    public void End_FasterThanTheLeastRate_SavesNothingForLater()
    {
        _lag.Begin(0);
        _lag.Check(1000, keepsOthersWaiting: true);
        _lag.End(1_000_000, 100, 1000);
        _lag.Begin(1000);

        Assert.Equal(700, _lag.Check(1700, keepsOthersWaiting: true));
    }

    [Fact]
    public void End_NoLeastRate_AnyByteIsEnough()
    {
        _lag.Begin(0);
        _lag.Check(9000, keepsOthersWaiting: true);
        _lag.End(1, 0, 9000);
        _lag.Begin(9000);

        Assert.Equal(100, _lag.Check(9100, keepsOthersWaiting: true));
    }

    [Fact]
    public void Clear_NextMessage_BeginsAnew()
    {
        _lag.Begin(0);
        _lag.Check(9000, keepsOthersWaiting: true);
        _lag.Clear();
        _lag.Begin(9000);

        Assert.Equal(100, _lag.Check(9100, keepsOthersWaiting: true));
    }
}
