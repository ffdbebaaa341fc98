using Proxy.Diagnostics;

namespace Proxy.Core.Tests.Diagnostics;

public sealed class DestinationResultsTests
{
    private readonly DestinationResults _results = new(new ManualTime());

    [Fact]
    public void Reached_WasTakenOut_IsNotAnyMore()
    {
        _results.NotReached("tcp://a:1", FailureReason.Refused, "refused");
        _results.TakenOut.Failed();

        _results.Reached("tcp://a:1");

        Assert.Null(_results.TakenOut.Current);
    }

    [Fact]
    public void NotReached_AtAnotherAddress_ForgetsWhatTheEarlierServerDid()
    {
        _results.Reached("tcp://a:1");
        _results.Ended(FailureReason.Reset);
        _results.Checked("tcp://a:1", "no answer");
        _results.TakenOut.Failed();

        _results.NotReached("tcp://b:1", FailureReason.Refused, "refused");

        Assert.Null(_results.TakenOut.Current);
        Assert.Null(_results.Checks.Current);
        Assert.Equal(0, _results.Ends.Read().Ended);
        Assert.Equal(1, _results.Dials.Current?.Count);
    }
}
