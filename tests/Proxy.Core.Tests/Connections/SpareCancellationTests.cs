using Proxy.Connections;

namespace Proxy.Core.Tests.Connections;

public sealed class SpareCancellationTests
{
    [Fact]
    public void Take_TwoWereGivenBack_EachOnce()
    {
        var (one, other) = (SpareCancellation.Take(), SpareCancellation.Take());
        SpareCancellation.GiveBack(other);
        SpareCancellation.GiveBack(one);

        Assert.Same(one, SpareCancellation.Take());
        Assert.Same(other, SpareCancellation.Take());
        var another = SpareCancellation.Take();
        Assert.NotSame(one, another);
        Assert.NotSame(other, another);
    }

    [Fact]
    public void Take_OneWasGivenBackCancelled_Another()
    {
        var source = SpareCancellation.Take();
        source.Cancel();
        SpareCancellation.GiveBack(source);

        Assert.False(SpareCancellation.Take().IsCancellationRequested);
    }
}
