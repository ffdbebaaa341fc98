using Proxy.Configuration;
using Proxy.Core.Tests.Configuration;
using Proxy.Diagnostics;
using Proxy.Revisions;

namespace Proxy.Core.Tests.Revisions;

public sealed class RemovedRoutesTests : IDisposable
{
    private static readonly TimeSpan _drain = TimeSpan.FromSeconds(7);
    private readonly ConfigDocument _document = new();

    [Theory]
    [InlineData("a@1001 b@1002", "b@1002", "a", "127.0.0.1:1001", 7)] // route and address removed
    [InlineData("a@1001 b@1002", "b@1002", "b", "127.0.0.1:1002", null)]
    [InlineData("a@1001 b@1002", "b@1002", null, "127.0.0.1:1001", 0)] // no route chosen yet
    [InlineData("a@1001 b@1002", "b@1002", null, "127.0.0.1:1002", null)]
    [InlineData("a@1001", "a@1003", "a", "127.0.0.1:1001", 7)] // the route has another address
    [InlineData("a@1001", "b@1001", "a", "127.0.0.1:1001", 7)] // the address has another route
    [InlineData("a@1002 b@1001", "a@1002 b@1003", "a", "127.0.0.1:1001", 7)] // an earlier edit had moved the route from this address
    [InlineData("a@1001", "A@1001", "a", "127.0.0.1:1001", null)]
    public void TimeoutOf_AfterAnEdit_TheDrainTimeoutOfWhatWasRemoved(string before, string after, string? route, string slot, int? seconds)
    {
        var removed = RemovedRoutes.Between(Read(before), Read(after));

        Assert.Equal(seconds, removed.TimeoutOf(Record(route, slot))?.TotalSeconds);
        Assert.Equal(before.Equals(after, StringComparison.OrdinalIgnoreCase), removed.IsEmpty);
    }

    [Fact]
    public void Keep_RouteAndAddressAreThereAgain_NothingIsRemoved()
    {
        var removed = RemovedRoutes.Between(Read("a@1001 b@1002"), Read("b@1002"));

        removed.Keep(Read("a@1001 b@1002"));

        Assert.True(removed.IsEmpty);
        Assert.Null(removed.TimeoutOf(Record("a", "127.0.0.1:1001")));
    }

    public void Dispose() => _document.Dispose();

    private static ConnectionRecord Record(string? route, string slot) =>
        new(new FakeConnection(), "endpoint", slot, TimeProvider.System) { RouteId = route };

    private Revision Read(string routes)
    {
        var written = routes
            .Split(' ')
            .Select(static route => route.Split('@'))
            .Select(static route =>
                $$"""
                    "{{route[0]}}": { "Listen": "127.0.0.1:{{route[1]}}", "ClusterId": "c", "DrainTimeout": "{{_drain:c}}" }
                    """
            );
        return _document
            .Read(
                $$"""
                { "ReverseProxy": {
                  "TcpRoutes": { {{string.Join(", ", written)}} },
                  "Clusters": { "c": { "Destinations": { "d": { "Address": "tcp://127.0.0.1:7" } } } } } }
                """
            )
            .Revision!;
    }
}
