using FsCheck;
using FsCheck.Fluent;
using Proxy.Diagnostics;

namespace Proxy.Core.Tests.Diagnostics;

public sealed class LastMinuteTests
{
    private readonly ManualTime _time = new();

    [Fact]
    public void Read_OneOfTwenty_IsNotMany()
    {
        var minute = new LastMinute(_time);
        minute.Note("reset");
        for (var i = 0; i < 19; i++)
        {
            minute.Note(null);
        }

        Assert.Null(minute.Read().TooMany);
        minute.Note("reset");
        Assert.Equal((21, 2, true, false), Sums(minute));
    }

    [Fact]
    public void Read_AMinuteLater_IsForgotten()
    {
        var minute = new LastMinute(_time);
        minute.Note("reset");
        Assert.Equal((1, 1, true, true), Sums(minute));
        _time.Advance(TimeSpan.FromSeconds(65));

        Assert.Equal((0, 0, false, false), Sums(minute));
        Assert.Null(minute.Read().TooMany);
    }

    [Fact]
    public void Read_ShareExceededLater_SinceThen()
    {
        var minute = new LastMinute(_time);
        Note(minute, 100, null);
        minute.Note("one"); // 1 of 101
        _time.Advance(TimeSpan.FromSeconds(20));
        Note(minute, 4, "some"); // 5 of 105
        Assert.Null(minute.Read().TooMany);
        _time.Advance(TimeSpan.FromSeconds(20));
        minute.Note("too many"); // 6 of 106
        var exceeded = _time.GetUtcNow();
        _time.Advance(TimeSpan.FromSeconds(7));
        minute.Note("more");

        Assert.Equal(new Failures(7, exceeded, _time.GetUtcNow(), "more"), minute.Read().TooMany);
        Note(minute, 100, null);
        Assert.Null(minute.Read().TooMany);
    }

    [Fact]
    public void Read_ShareExceededBecauseSuccessesAreAMinuteOld_SinceThenAndNotSinceTheLook()
    {
        var minute = new LastMinute(_time);
        Note(minute, 100, null);
        _time.Advance(TimeSpan.FromSeconds(30));
        minute.Note("reset");
        Assert.Null(minute.Read().TooMany);
        _time.Advance(TimeSpan.FromSeconds(47));

        Assert.Equal(_time.GetUtcNow() - TimeSpan.FromSeconds(17), minute.Read().TooMany?.Since);
        _time.Advance(TimeSpan.FromSeconds(20));
        Assert.Null(minute.Read().TooMany);
    }

    [Fact]
    public void Read_FailuresGoOn_SinceTheFirst()
    {
        var minute = new LastMinute(_time);
        var first = _time.GetUtcNow();
        for (var i = 0; i < 100; i++)
        {
            minute.Note("reset");
            _time.Advance(TimeSpan.FromSeconds(30));
        }

        Assert.Equal(first, minute.Read().InARow?.Since);
        minute.Note(null);
        Assert.Null(minute.Read().InARow);
        Assert.Equal(first, minute.Read().TooMany?.Since);
    }

    [Fact]
    public void Read_AnySequence_CountsThoseOfTheLastMinuteToFiveSeconds() =>
        Check.One(
            Config.QuickThrowOnFailure,
            Prop.ForAll(ArbMap.Default.ArbFor<(byte Pause, bool Failed)[]>(), static attempts => IsCounted(attempts))
        );

    private static bool IsCounted((byte Pause, bool Failed)[] attempts)
    {
        var time = new ManualTime();
        var minute = new LastMinute(time);
        var noted = new List<(DateTimeOffset At, bool Failed)>();
        foreach (var (pause, failed) in attempts)
        {
            time.Advance(TimeSpan.FromSeconds(pause % 40));
            minute.Note(failed ? "no" : null);
            noted.Add((time.GetUtcNow(), failed));
        }

        var sums = minute.Read();
        var now = time.GetUtcNow();
        var atLeast = noted.Count(one => now - one.At < TimeSpan.FromSeconds(55));
        var atMost = noted.Count(one => now - one.At < TimeSpan.FromSeconds(60));
        var isTooMany = sums.Failed > sums.Ended * 0.05;
        return sums.Ended >= atLeast
            && sums.Ended <= atMost
            && sums.Failed <= sums.Ended
            && isTooMany == (sums.TooMany is not null)
            && (sums.TooMany is null || sums.TooMany.Since <= now);
    }

    private static void Note(LastMinute minute, int count, string? error)
    {
        for (var i = 0; i < count; i++)
        {
            minute.Note(error);
        }
    }

    private static (int, int, bool, bool) Sums(LastMinute minute) =>
        minute.Read() is var sums ? (sums.Ended, sums.Failed, sums.TooMany is not null, sums.AllFailed) : default;
}
