using Proxy.Multiplexing;

namespace Proxy.Core.Tests.Multiplexing;

public sealed class RequestTagsTests
{
    private static readonly KeyValuePair<string, object?>[] _all =
    [
        new("proxy.route_id", "route"),
        new("proxy.cluster_id", "cluster"),
        new("proxy.destination_id", "destination"),
    ];

    private readonly RequestTags _tags = new("route", new("cluster", "destination", "tcp://127.0.0.1:502"));

    [Fact]
    public void All_Always_HasRouteClusterAndDestination() => Assert.True(_tags.All.SequenceEqual(_all));

    [Fact]
    public void With_EachOutcome_AddsItsName()
    {
        foreach (var outcome in Enum.GetValues<RequestOutcome>())
        {
            var last = new KeyValuePair<string, object?>("proxy.outcome", outcome.ToString());
            Assert.True(_tags.With(outcome).ToArray().SequenceEqual(_all.Append(last)));
        }
    }

    [Fact]
    public void With_AlternatingOutcomes_MakesTheTagsOnce()
    {
        var answered = _tags.With(RequestOutcome.Answered);
        _ = _tags.With(RequestOutcome.DeviceException);

        Assert.True(_tags.With(RequestOutcome.Answered) == answered);
    }
}
