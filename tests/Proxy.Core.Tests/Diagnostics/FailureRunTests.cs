using Proxy.Diagnostics;

namespace Proxy.Core.Tests.Diagnostics;

public sealed class FailureRunTests
{
    private readonly ManualTime _time = new();

    [Fact]
    public void Failed_InARow_SinceTheFirstUntilASuccess()
    {
        var run = new FailureRun(_time);
        var first = _time.GetUtcNow();
        run.Failed("one");
        _time.Advance(TimeSpan.FromHours(3));
        run.Failed("two");

        Assert.Equal(new Failures(2, first, _time.GetUtcNow(), "two"), run.Current);
        run.Succeeded();
        Assert.Null(run.Current);
    }

    [Fact]
    public void Current_GapIsOver_NoneAndTheNextBeginsAnew()
    {
        var run = new FailureRun(_time, TimeSpan.FromMinutes(1));
        run.Failed("one");
        _time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(1, run.Current?.Count);
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Null(run.Current);

        run.Failed("two", 5);
        Assert.Equal(new Failures(5, _time.GetUtcNow(), _time.GetUtcNow(), "two"), run.Current);
    }

    [Fact]
    public void Failed_LongError_IsCut()
    {
        var run = new FailureRun(_time);
        run.Failed(new string('x', 10_000));

        Assert.Equal(200, run.Current!.LastError!.Length);
    }
}
