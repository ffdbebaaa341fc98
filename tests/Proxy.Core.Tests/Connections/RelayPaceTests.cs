using FsCheck;
using FsCheck.Fluent;
using Proxy.Connections;

namespace Proxy.Core.Tests.Connections;

public sealed class RelayPaceTests
{
    private readonly Bandwidth _bandwidth = new();

    [Fact]
    public void Allowed_NoLimit_Everything()
    {
        var pace = new RelayPace(_bandwidth);

        Assert.Equal(int.MaxValue, pace.Allowed(0));
        pace.Count(1_000_000);
        Assert.Equal(int.MaxValue, pace.Allowed(0));
        Assert.Equal(int.MaxValue, new RelayPace(null).Allowed(0));
        Assert.Equal(0, _bandwidth.Reached);
    }

    [Fact]
    public void Allowed_Limit_BurstThenPauseUntilThereIsAPortion()
    {
        _bandwidth.Set(10_000, isDryRun: false);
        var pace = new RelayPace(_bandwidth);

        Assert.Equal(2_500, pace.Allowed(1_000)); // a quarter of a second
        pace.Count(2_500);
        Assert.Equal(0, pace.Allowed(1_000));
        Assert.Equal(1_050, pace.Resumes);
        Assert.Equal(0, pace.Allowed(1_049));
        Assert.Equal(500, pace.Allowed(1_050));
        Assert.Equal(0, pace.Resumes);
        Assert.Equal(2_500, pace.Allowed(100_000));
        Assert.Equal(1, _bandwidth.Reached);
    }

    [Fact]
    public void Allowed_BytesReadBeforeTheRelay_AreADebt()
    {
        _bandwidth.Set(1_000, isDryRun: false);
        var pace = new RelayPace(_bandwidth);
        Assert.Equal(250, pace.Allowed(0));
        pace.Count(1_250);

        Assert.Equal(0, pace.Allowed(999));
        Assert.InRange(pace.Resumes, 1_000, 1_050);
        Assert.Equal(50, pace.Allowed(1_050));
    }

    [Fact]
    public void Allowed_BytesReadBeforeTheFirstQuestion_AreADebt()
    {
        _bandwidth.Set(1_000, isDryRun: false);
        var pace = new RelayPace(_bandwidth);
        pace.Count(1_250);

        Assert.Equal(0, pace.Allowed(0));
        Assert.InRange(pace.Resumes, 1_001, 1_050);
        Assert.Equal(0, pace.Allowed(1_000));
        Assert.Equal(50, pace.Allowed(1_050));
    }

    [Fact]
    public void Allowed_FewBytesReadBeforeTheFirstQuestion_AreTakenFromTheBurst()
    {
        _bandwidth.Set(1_000, isDryRun: false);
        var pace = new RelayPace(_bandwidth);
        pace.Count(100);

        Assert.Equal(150, pace.Allowed(0));
    }

    [Theory]
    [InlineData(0, false)] // no limit
    [InlineData(10_000, true)] // a dry run
    public void Allowed_LimitAfterReadsWithoutOne_TheyAreNoDebt(int before, bool isDryRun)
    {
        _bandwidth.Set(before, isDryRun);
        var pace = new RelayPace(_bandwidth);
        for (var i = 0; i < 3; i++)
        {
            Assert.Equal(int.MaxValue, pace.Allowed(i));
            pace.Count(262_144);
        }

        _bandwidth.Set(10_000, isDryRun: false);

        Assert.InRange(pace.Allowed(3) + pace.Allowed(253), 2_500, 5_000);
        Assert.InRange(pace.Resumes, 0, 253);
    }

    [Fact]
    public void Allowed_DryRunAfterReadsWithoutLimit_HasNotReachedIt()
    {
        var pace = new RelayPace(_bandwidth);
        pace.Allowed(0);
        pace.Count(1_000_000);

        _bandwidth.Set(10_000, isDryRun: true);

        Assert.Equal(int.MaxValue, pace.Allowed(1));
        Assert.Equal(0, _bandwidth.Reached);
    }

    [Fact]
    public void Allowed_DryRunDuringAPause_EndsIt()
    {
        _bandwidth.Set(1_000, isDryRun: false);
        var pace = new RelayPace(_bandwidth);
        pace.Count(10_000);
        Assert.Equal(0, pace.Allowed(0));

        _bandwidth.Set(1_000, isDryRun: true);

        Assert.Equal(int.MaxValue, pace.Allowed(1));
        Assert.Equal(0, pace.Resumes);
    }

    [Fact]
    public void Allowed_OneByteASecond_ComesByteByByte()
    {
        _bandwidth.Set(1, isDryRun: false);
        var pace = new RelayPace(_bandwidth);
        for (var second = 0; second < 5; second++)
        {
            Assert.Equal(1, pace.Allowed(second * 1000));
            pace.Count(1);
            Assert.Equal(0, pace.Allowed((second * 1000) + 999));
        }
    }

    [Fact]
    public void Allowed_FasterByAnEdit_PauseIsShorter()
    {
        _bandwidth.Set(1, isDryRun: false);
        var pace = new RelayPace(_bandwidth);
        pace.Allowed(0);
        pace.Count(1);
        Assert.Equal(0, pace.Allowed(10));

        _bandwidth.Set(100_000, isDryRun: false);
        Assert.Equal(5_000, pace.Allowed(60));
        _bandwidth.Set(0, isDryRun: false);

        Assert.Equal(int.MaxValue, pace.Allowed(60));
        Assert.Equal(0, pace.Resumes);
    }

    [Fact]
    public void Allowed_SlowerByAnEdit_TokensOfBeforeAreTaken()
    {
        _bandwidth.Set(1_000_000, isDryRun: false);
        var pace = new RelayPace(_bandwidth);
        Assert.Equal(250_000, pace.Allowed(0));

        _bandwidth.Set(1_000, isDryRun: false);

        Assert.Equal(250, pace.Allowed(0));
    }

    [Fact]
    public void Allowed_DryRun_NeverPausesAndIsCountedOnce()
    {
        _bandwidth.Set(1_000, isDryRun: true);
        var pace = new RelayPace(_bandwidth);
        for (var i = 0; i < 10; i++)
        {
            Assert.Equal(int.MaxValue, pace.Allowed(i));
            pace.Count(10_000);
        }

        Assert.Equal(0, pace.Resumes);
        Assert.Equal(1, _bandwidth.Reached);
    }

    [Fact]
    public void Allowed_AnyPauses_NeverMoreThanTheRateAndOneBurst() =>
        Check.One(
            Config.QuickThrowOnFailure.WithReplay(1, 1),
            Prop.ForAll(
                ArbMap.Default.ArbFor<PositiveInt>(),
                ArbMap.Default.ArbFor<NonNegativeInt[]>(),
                static (rate, pauses) =>
                {
                    var bandwidth = new Bandwidth();
                    bandwidth.Set(rate.Get, isDryRun: false);
                    var pace = new RelayPace(bandwidth);
                    var (now, read) = (1_000L, 0L);
                    foreach (var pause in pauses)
                    {
                        now += pause.Get;
                        var allowed = pace.Allowed(now);
                        pace.Count(allowed);
                        read += allowed;
                    }

                    var burst = Math.Max(1, rate.Get * RelayPace.Burst / 1000.0);
                    return read <= burst + ((now - 1_000L) * rate.Get / 1000.0) + 1;
                }
            )
        );
}
