using Proxy.Timing;

namespace Proxy.Core.Tests.Timing;

public sealed class RunningTimeTests
{
    private static readonly TimeSpan _beat = TimeSpan.FromMilliseconds(100);

    private readonly ManualTime _inner = new();
    private readonly RunningTime _time;
    private int _fired;

    public RunningTimeTests() => _time = new RunningTime(_inner);

    [Fact]
    public void GetTimestamp_WhileTheProcessRuns_IsThatOfTheInnerClock()
    {
        var start = _time.GetTimestamp();

        Run(TimeSpan.FromSeconds(20));

        Assert.Equal(TimeSpan.FromSeconds(20), _time.GetElapsedTime(start));
        Assert.Equal(TimeSpan.Zero, _time.Lost);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void GetTimestamp_AfterAGap_CountsHalfASecondOfIt(bool beatComesFirst)
    {
        var start = _time.GetTimestamp();
        var utc = _time.GetUtcNow();
        Stop(TimeSpan.FromMinutes(1));
        if (beatComesFirst)
        {
            _time.Beat();
        }

        Assert.Equal(RunningTime.Longest, _time.GetElapsedTime(start));
        Run(TimeSpan.FromSeconds(3));

        Assert.Equal(RunningTime.Longest + TimeSpan.FromSeconds(3), _time.GetElapsedTime(start));
        Assert.Equal(TimeSpan.FromMinutes(1) - RunningTime.Longest, _time.Lost);
        Assert.Equal(TimeSpan.FromSeconds(63), _time.GetUtcNow() - utc);
    }

    [Fact]
    public void GetTimestamp_TheThreadIsLateWhileOthersRead_NothingIsLost()
    {
        var start = _time.GetTimestamp();

        Stop(TimeSpan.FromMilliseconds(400));
        _ = _time.GetTimestamp();
        Stop(TimeSpan.FromMilliseconds(400));

        Assert.Equal(TimeSpan.FromMilliseconds(800), _time.GetElapsedTime(start));
        Assert.Equal(TimeSpan.Zero, _time.Lost);
    }

    [Fact]
    public void CreateTimer_GapWithin_WaitsForTheRestOfItsTime()
    {
        using var timer = Timer(TimeSpan.FromSeconds(10), Timeout.InfiniteTimeSpan);
        Run(TimeSpan.FromSeconds(4));
        Stop(TimeSpan.FromMinutes(1));
        Run(TimeSpan.FromSeconds(5));
        Assert.Equal(0, _fired);

        Run(TimeSpan.FromSeconds(1));
        Assert.Equal(1, _fired);

        Run(TimeSpan.FromMinutes(1));
        Assert.Equal(1, _fired);
    }

    [Fact]
    public void CreateTimer_NoGap_FiresInTime()
    {
        using var timer = Timer(TimeSpan.FromSeconds(10), Timeout.InfiniteTimeSpan);

        Run(TimeSpan.FromSeconds(9.9));
        Assert.Equal(0, _fired);

        Run(_beat);
        Assert.Equal(1, _fired);
    }

    [Fact]
    public void CreateTimer_Period_FiresEachTime()
    {
        using var timer = Timer(TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(1));

        Run(TimeSpan.FromSeconds(5));

        Assert.Equal(4, _fired);
    }

    [Fact]
    public void Change_SetAnew_CountsFromThere()
    {
        using var timer = Timer(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        Run(TimeSpan.FromSeconds(5));
        timer.Change(TimeSpan.FromSeconds(2), Timeout.InfiniteTimeSpan);
        timer.Change(TimeSpan.FromSeconds(3), Timeout.InfiniteTimeSpan);

        Run(TimeSpan.FromSeconds(2.9));
        Assert.Equal(0, _fired);

        Run(_beat);
        Assert.Equal(1, _fired);

        timer.Change(TimeSpan.Zero, Timeout.InfiniteTimeSpan);
        Run(_beat);
        Assert.Equal(2, _fired);
    }

    [Fact]
    public async Task OfProcess_DelayByIt_EndsByItself()
    {
        var start = RunningTime.OfProcess.GetTimestamp();

        await Task.Delay(_beat, RunningTime.OfProcess).WaitAsync(Eventually.Limit);

        Assert.True(RunningTime.OfProcess.GetElapsedTime(start) > TimeSpan.Zero);
    }

    private ITimer Timer(TimeSpan due, TimeSpan period) => _time.CreateTimer(_ => _fired++, null, due, period);

    // All timers of a stopped process come at once.
    private void Stop(TimeSpan duration) => _inner.SetUtcNow(_inner.GetUtcNow() + duration);

    private void Run(TimeSpan duration)
    {
        for (var left = duration; left > TimeSpan.Zero; left -= _beat)
        {
            _inner.Advance(_beat);
            _time.Beat();
        }
    }
}
