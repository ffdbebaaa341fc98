using Proxy.Multiplexing;

namespace Proxy.Core.Tests.Multiplexing;

public sealed class ClientLagTests
{
    private readonly ClientLag _lag = new();

    [Fact]
    public void Check_ClientHasNothingToDo_Zero()
    {
        _lag.Begin(1000);
        _lag.End(0, 100);

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
            _lag.End(1, 100);
        }

        _lag.Begin(5000);

        Assert.Equal(5000 - (5 * 10), _lag.Check(5000, keepsOthersWaiting: true));
    }

    [Fact]
    public void Check_NothingWaits_SlownessDoesNotAdd()
    {
        for (var now = 0; now < 5000; now += 1000)
        {
            _lag.Begin(now);
            _lag.Check(now + 1000, keepsOthersWaiting: false);
            _lag.End(1, 100);
        }

        _lag.Begin(5000);

        Assert.Equal(100, _lag.Check(5100, keepsOthersWaiting: true));
    }

    [Fact]
    public void End_FasterThanTheLeastRate_SavesNothingForLater()
    {
        _lag.Begin(0);
        _lag.Check(1000, keepsOthersWaiting: true);
        _lag.End(1_000_000, 100);
        _lag.Begin(1000);

        Assert.Equal(700, _lag.Check(1700, keepsOthersWaiting: true));
    }

    [Fact]
    public void End_NoLeastRate_AnyByteIsEnough()
    {
        _lag.Begin(0);
        _lag.Check(9000, keepsOthersWaiting: true);
        _lag.End(1, 0);
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
