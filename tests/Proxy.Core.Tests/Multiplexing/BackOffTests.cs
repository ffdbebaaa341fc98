using Proxy.Multiplexing;

namespace Proxy.Core.Tests.Multiplexing;

public sealed class BackOffTests
{
    private static readonly TimeSpan _first = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan _longest = TimeSpan.FromSeconds(5);

    [Fact]
    public void Fail_AgainAndAgain_PausesDoubleUpToTheLongest()
    {
        var backOff = default(BackOff);
        var pauses = new List<long>();
        for (var i = 0; i < 5; i++)
        {
            backOff.Fail(now: 100, _first, _longest);
            pauses.Add(backOff.Until - 100);
        }

        Assert.Equal([1000, 2000, 4000, 5000, 5000], pauses);
    }

    [Fact]
    public void Succeed_OfWhatBeganBeforeTheFailure_LeavesThePause()
    {
        var backOff = default(BackOff);
        backOff.Fail(now: 1000, _first, _longest);

        backOff.Succeed(since: 999);

        Assert.True(backOff.IsPausing(1999));
    }

    [Fact]
    public void Succeed_OfWhatBeganAfterTheFailure_EndsThePause()
    {
        var backOff = default(BackOff);
        backOff.Fail(now: 1000, _first, _longest);

        backOff.Succeed(since: 2000);

        Assert.False(backOff.HasFailed);
    }
}
