using Proxy.Timing;

namespace Proxy.Core.Tests.Timing;

public sealed class BackoffTests
{
    private static readonly TimeSpan _first = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan _longest = TimeSpan.FromSeconds(5);
    private readonly ManualTime _time = new();

    [Fact]
    public void Fail_AgainAndAgain_PausesDoubleUpToTheLongest()
    {
        var backoff = new Backoff(_time, _first, _longest);

        var pauses = Enumerable.Range(0, 5).Select(_ => backoff.Fail().TotalSeconds).ToList();

        Assert.Equal([1, 2, 4, 5, 5], pauses);
        Assert.Equal(5, backoff.Failures);
    }

    [Fact]
    public void Fail_ThousandTimesWithoutALongestPause_NeverOverflows()
    {
        var backoff = new Backoff(_time, _first, TimeSpan.MaxValue);

        var pauses = Enumerable.Range(0, 1000).Select(_ => backoff.Fail()).ToList();

        Assert.Equal(pauses.Order(), pauses);
        Assert.Equal(TimeSpan.FromSeconds(1L << 30), pauses[^1]);
    }

    [Fact]
    public void Fail_LongestIsShorterThanFirst_First()
    {
        var backoff = new Backoff(_time, _longest, _first);

        Assert.Equal([_longest, _longest], [backoff.Fail(), backoff.Fail()]);
    }

    [Fact]
    public void Fail_OtherLimitsSinceTheLastFailure_TheyCount()
    {
        var backoff = new Backoff(_time, _first, _longest);
        backoff.Fail();

        (backoff.First, backoff.Longest) = (TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(3));

        Assert.Equal(_first, backoff.Length);
        Assert.Equal(TimeSpan.FromSeconds(3), backoff.Fail());
    }

    [Fact]
    public void Fail_Jitter_BetweenHalfAndTheWholeAndNotAlwaysTheSame()
    {
        var backoff = new Backoff(_time, _first, _first, new Random(1));

        var pauses = Enumerable.Range(0, 100).Select(_ => backoff.Fail()).ToList();

        Assert.All(pauses, static pause => Assert.InRange(pause, _first / 2, _first));
        Assert.True(pauses.Max() - pauses.Min() > _first / 3);
    }

    [Fact]
    public void Reset_AfterFailures_NoPauseAndTheNextIsTheFirst()
    {
        var backoff = new Backoff(_time, _first, _longest);
        backoff.Fail();
        backoff.Fail();

        backoff.Reset();

        Assert.False(backoff.HasFailed);
        Assert.Equal((TimeSpan.Zero, TimeSpan.Zero), (backoff.Length, backoff.Remaining));
        Assert.Equal(_first, backoff.Fail());
    }

    [Fact]
    public void Remaining_TimePasses_ShrinksToZeroAndTheFailureStays()
    {
        var backoff = new Backoff(_time, _first, _longest);
        Assert.Equal(TimeSpan.Zero, backoff.Remaining);
        backoff.Fail();

        _time.Advance(_first / 4);
        Assert.Equal(_first * 3 / 4, backoff.Remaining);
        _time.Advance(_first);

        Assert.Equal(TimeSpan.Zero, backoff.Remaining);
        Assert.True(backoff.HasFailed);
    }

    [Fact]
    public void Note_FailedAndNot_FailsAndResets()
    {
        var backoff = new Backoff(_time, _first, _longest);

        backoff.Note(failed: true);
        backoff.Note(failed: true);
        Assert.Equal(2 * _first, backoff.Length);
        backoff.Note(failed: false);

        Assert.Equal(0, backoff.Failures);
    }
}
