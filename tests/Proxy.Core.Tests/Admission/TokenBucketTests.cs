using FsCheck;
using FsCheck.Fluent;
using Proxy.Admission;

namespace Proxy.Core.Tests.Admission;

public sealed class TokenBucketTests
{
    [Fact]
    public void HasToken_Full_OneSecondsBurstAndThenNone()
    {
        var bucket = new TokenBucket();

        Assert.Equal(5, Taken(ref bucket, rate: 5, now: 1000, tries: 20));
        Assert.Equal(0, Taken(ref bucket, rate: 5, now: 1000.19, tries: 20));
        Assert.Equal(1, Taken(ref bucket, rate: 5, now: 1000.21, tries: 20));
        Assert.Equal(5, Taken(ref bucket, rate: 5, now: 2000, tries: 20));
    }

    [Fact]
    public void HasToken_EditedRate_AppliesAtOnce()
    {
        var bucket = new TokenBucket();
        Taken(ref bucket, rate: 2, now: 10, tries: 2);

        Assert.Equal(8, Taken(ref bucket, rate: 10, now: 10, tries: 20));
        Assert.Equal(0, Taken(ref bucket, rate: 1, now: 10, tries: 1));
        Assert.Equal(1, Taken(ref bucket, rate: 1, now: 11, tries: 2));
    }

    [Fact]
    public void HasToken_AnyArrivals_NeverMoreThanTheRateAndOneBurst() =>
        Check.QuickThrowOnFailure(
            Prop.ForAll(
                ArbMap.Default.ArbFor<PositiveInt>(),
                ArbMap.Default.ArbFor<NonNegativeInt[]>(),
                static (rate, pauses) =>
                {
                    var perSecond = (rate.Get % 50) + 1;
                    var bucket = new TokenBucket();
                    var (now, taken) = (100.0, 0);
                    foreach (var pause in pauses)
                    {
                        now += pause.Get / 100.0;
                        taken += Taken(ref bucket, perSecond, now, tries: 100);
                    }

                    return taken <= perSecond + ((now - 100.0) * perSecond) + 0.001;
                }
            )
        );

    private static int Taken(ref TokenBucket bucket, int rate, double now, int tries)
    {
        var taken = 0;
        for (var i = 0; i < tries; i++)
        {
            if (bucket.HasToken(rate, now))
            {
                bucket.Take();
                taken++;
            }
        }

        return taken;
    }
}
