using Proxy.Channels.Tunnel;
using Proxy.Configuration.Reading;

namespace Proxy.Core.Tests.Channels.Tunnel;

public sealed class TunnelPoolsTests
{
    private readonly TunnelPools _pools = new(connectionsPerPeer: 2);

    [Fact]
    public void For_OneInstance_TakesTurnsBetweenItsPools()
    {
        var peer = EndPoint("A_1", "10.0.0.1:1");

        var pools = Enumerable.Range(0, 4).Select(_ => _pools.For(peer)).ToList();

        Assert.Equal(2, pools.Distinct().Count());
        Assert.Equal(pools[..2], pools[2..]);
        Assert.All(pools, pool => Assert.Same(peer, _pools.Find(pool)));
    }

    [Fact]
    public void For_AnotherInstanceOrAddress_HasPoolsOfItsOwn()
    {
        var pools = new TunnelPools(connectionsPerPeer: 1);

        string[] names =
        [
            pools.For(EndPoint("A_1", "10.0.0.1:1")),
            pools.For(EndPoint("a_1", "10.0.0.1:1")), // an id has a case, and a host name has none
            pools.For(EndPoint("A_1", "10.0.0.1:2")),
            pools.For(EndPoint(null, "10.0.0.1:1")),
        ];

        Assert.Equal(names.Length, names.Distinct(StringComparer.OrdinalIgnoreCase).Count());
    }

    [Fact]
    public void Prove_InstanceThatWasExpected_OnlyThat()
    {
        var peer = EndPoint("A_1", "10.0.0.1:1");

        Assert.True(_pools.Prove(_pools.For(peer), peer, "A_1"));
        Assert.False(_pools.Prove(_pools.For(peer), peer, "A_2"));
        Assert.Equal((true, false), (_pools.IsProven(peer, "A_1"), _pools.IsProven(peer, "A_2")));
    }

    [Fact]
    public void Prove_NoInstanceWasExpected_TheOneThatWasProven()
    {
        var peer = EndPoint(null, "10.0.0.1:1");
        Assert.False(_pools.IsProven(peer, "A_1"));

        Assert.True(_pools.Prove(_pools.For(peer), peer, "A_1"));

        Assert.Equal((true, false), (_pools.IsProven(peer, "A_1"), _pools.IsProven(peer, "A_2")));
    }

    private static TunnelEndPoint EndPoint(string? instance, string address)
    {
        Assert.True(HostAndPort.TryParse(address, out var parsed));
        return new(instance, parsed, "db");
    }
}
