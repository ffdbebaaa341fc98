using Proxy.Connections.Linux;

namespace Proxy.Core.Tests.Connections.Linux;

public sealed class HeldTurnTests
{
    private static readonly HeldTurn _turn = new(100, IsOver: true, new object(), 90, default);

    [Fact]
    public void Cause_NoCpu_IsSaidEvenIfOneStepTookLong() =>
        Assert.StartsWith("the thread waited 60 ms of it for a CPU", (_turn with { Waited = new(60, 0) }).Cause, StringComparison.Ordinal);

    [Fact]
    public void Cause_Collections_AreSaid() =>
        Assert.Equal("garbage collections paused the process for 80 ms of it", (_turn with { Waited = new(0, 80) }).Cause);

    [Fact]
    public void Cause_ShortSteps_NamesNone() =>
        Assert.Equal("many connections had something to do at the same time", (_turn with { StepMilliseconds = 20 }).Cause);

    [Fact]
    public void Cause_UnknownStep_NamesItsType() =>
        Assert.Equal("90 ms of it went to code of System.Object; look for code that blocks there", _turn.Cause);

    [Fact]
    public void Cause_StepStillRuns_IsSaid() =>
        Assert.StartsWith(
            "90 ms of it went to work, which still runs;",
            (_turn with { Step = "work", IsOver = false }).Cause,
            StringComparison.Ordinal
        );
}
