using Proxy.Multiplexing;

namespace Proxy.Core.Tests.Multiplexing;

public sealed class SingleUseTests
{
    private const long Hour = 3_600_000;
    private readonly SingleUse _use = new();

    [Fact]
    public void Ended_TwoInARowSoonAfterTheirOnlyAnswer_IsLearnedForAnHour()
    {
        Assert.False(_use.Ended(Answered(times: 1, at: 1000), now: 1010));
        Assert.False(_use.IsLearned(now: 1010));

        Assert.True(_use.Ended(Answered(times: 1, at: 2000), now: 3000));

        Assert.True(_use.IsLearned(now: 3000));
        Assert.True(_use.IsLearned(now: 3000 + Hour - 1));
        Assert.False(_use.IsLearned(now: 3000 + Hour));
        Assert.False(_use.Ended(Answered(times: 1, at: 4000), now: 4000)); // it is known
    }

    [Theory]
    [InlineData(1, 1001)] // an idle timeout
    [InlineData(2, 10)] // it was asked twice
    public void Ended_OneInBetweenEndsOtherwise_BeginsAnew(int answers, long later)
    {
        _use.Ended(Answered(times: 1, at: 1000), now: 1010);

        Assert.False(_use.Ended(Answered(answers, at: 2000), now: 2000 + later));
        Assert.False(_use.Ended(Answered(times: 1, at: 9000), now: 9010));
        Assert.True(_use.Ended(Answered(times: 1, at: 9100), now: 9110));
    }

    [Fact]
    public void Ended_WithoutAnAnswer_SaysNothing()
    {
        _use.Ended(Answered(times: 1, at: 1000), now: 1010);

        Assert.False(_use.Ended(Answered(times: 0, at: 0), now: 1500));

        Assert.True(_use.Ended(Answered(times: 1, at: 2000), now: 2010));
    }

    [Fact]
    public void AnsweredAgain_BetweenTwoEnds_BeginsAnew()
    {
        _use.Ended(Answered(times: 1, at: 1000), now: 1010);

        _use.AnsweredAgain();

        Assert.False(_use.Ended(Answered(times: 1, at: 2000), now: 2010));
    }

    [Fact]
    public void Forget_WhatWasLearned_IsGoneWithItsEvidence()
    {
        _use.Ended(Answered(times: 1, at: 1000), now: 1010);
        _use.Ended(Answered(times: 1, at: 2000), now: 2010);

        _use.Forget();

        Assert.False(_use.IsLearned(now: 2010));
        Assert.False(_use.Ended(Answered(times: 1, at: 3000), now: 3010));
    }

    private static UpstreamConnection Answered(int times, long at) =>
        new(null!, new(new(), Device.Line), TimeProvider.System) { Answers = times, AnsweredAt = at };
}
