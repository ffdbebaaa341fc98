using Proxy.Connections;

namespace Proxy.Core.Tests.Connections;

public sealed class HttpPromiseTests
{
    private readonly Resources _resources = new(10_000, static () => 0, new ManualTime());

    [Fact]
    public void Began_SeveralRequestsOfOneConnection_OneDescriptorIsNotKept()
    {
        var promise = new HttpPromise(_resources);
        _resources.CountHttp(2);
        _resources.CountHttpDial(2);
        var kept = _resources.Reserve;

        promise.Began();
        promise.Began();
        Assert.Equal(kept - 1, _resources.Reserve);
        promise.Ended();
        Assert.Equal(kept - 1, _resources.Reserve);
        promise.Ended();

        Assert.Equal(kept, _resources.Reserve);
    }

    [Fact]
    public void Began_DestinationNotConnectedYet_ItsDescriptorIsKept()
    {
        _resources.CountHttp(1);
        var kept = _resources.Reserve;

        new HttpPromise(_resources).Began();

        Assert.Equal(kept, _resources.Reserve);
    }
}
