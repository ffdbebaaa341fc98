using System.Net;
using Proxy.Channels;
using Proxy.Channels.Membership;
using Proxy.Configuration.Channels;

namespace Proxy.Core.Tests.Channels.Membership;

public sealed class LocalAddressTests
{
    [Theory]
    [InlineData("A_0", "127.0.0.2")]
    [InlineData("A_1", "127.0.0.3")]
    [InlineData("A_10", "127.0.0.12")]
    [InlineData("A_253", "127.0.0.255")]
    [InlineData("A_254", "127.0.1.0")]
    [InlineData("A_65532", "127.0.255.254")]
    [InlineData("a-b_c-7", "127.0.0.9")]
    [InlineData("a_b-c_7", "127.0.0.9")]
    [InlineData("7", "127.0.0.9")]
    [InlineData("A_007", "127.0.0.9")]
    public void OfInstance_IdWithNumber_CountsFrom127002(string id, string address) =>
        Assert.Equal(IPAddress.Parse(address), LocalAddress.OfInstance(new ChannelInstanceConfig { Id = id }));

    [Theory]
    [InlineData("A_65533")]
    [InlineData("A_99999999999")]
    [InlineData("A_")]
    [InlineData("A_x")]
    [InlineData("A_1x")]
    [InlineData("alpha")]
    [InlineData("A_+1")]
    [InlineData("A_1 ")]
    public void OfInstance_IdWithoutNumberInRange_HasNone(string id) =>
        Assert.Null(LocalAddress.OfInstance(new ChannelInstanceConfig { Id = id }));

    [Fact]
    public void OfInstance_Ordinal_WinsOverTheId() =>
        Assert.Equal(IPAddress.Parse("127.0.0.5"), LocalAddress.OfInstance(new ChannelInstanceConfig { Id = "A_9", Ordinal = 3 }));

    [Fact]
    public void OfOrdinal_EachThereIs_IsAnAddressOfItsOwnAndNotReserved()
    {
        var addresses = Enumerable.Range(0, ChannelOrdinal.Max + 1).Select(LocalAddress.OfOrdinal).ToHashSet();

        Assert.Equal(ChannelOrdinal.Max + 1, addresses.Count);
        Assert.All(addresses, static address => Assert.True(LocalAddress.IsOfInstance(address)));
        Assert.Equal(
            Enumerable.Range(0, ChannelOrdinal.Max + 1),
            addresses.Select(static address => LocalAddress.NumberOf(address)!.Value).Order()
        );
        Assert.Throws<ArgumentOutOfRangeException>(static () => LocalAddress.OfOrdinal(-1));
        Assert.Throws<ArgumentOutOfRangeException>(static () => LocalAddress.OfOrdinal(ChannelOrdinal.Max + 1));
    }

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("127.0.0.0")]
    [InlineData("127.0.255.255")]
    [InlineData("127.1.0.1")]
    [InlineData("10.0.0.2")]
    [InlineData("::1")]
    public void IsOfInstance_Other_False(string address)
    {
        Assert.False(LocalAddress.IsOfInstance(IPAddress.Parse(address)));
        Assert.Null(LocalAddress.NumberOf(IPAddress.Parse(address)));
    }

    [Theory]
    [InlineData(1, "127.1.0.1")]
    [InlineData(255, "127.1.0.255")]
    [InlineData(256, "127.1.1.0")]
    [InlineData(65535, "127.1.255.255")]
    public void OfRequest_Number_CountsFrom127101(int number, string address) =>
        Assert.Equal(IPAddress.Parse(address), LocalAddress.OfRequest(number));

    [Fact]
    public void Refuse_MembersOfOneAddress_FirstInOrdinalOrderKeepsIt()
    {
        MemberRecord[] members = [Member("c_3"), Member("A_3"), Member("b_3"), Member("A_4")];

        var refused = AddressConflicts.Refuse("A_1", IPAddress.Parse("127.0.0.3"), members);

        Assert.Equal(["b_3", "c_3"], refused.Keys);
        Assert.All(refused.Values, static why => Assert.Contains("'A_3' keeps it", why, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("A_*", "A_1", true)]
    [InlineData("A_*", "B_1", false)]
    [InlineData("A_*", "a_1", false)]
    [InlineData("*", "anything", true)]
    [InlineData("A_1", "A_10", false)]
    [InlineData("*_1*", "B_17", true)]
    public void Matches_Pattern_TakesTheWholeId(string pattern, string id, bool expected) =>
        Assert.Equal(expected, InstancePattern.Matches([pattern], id));

    private static MemberRecord Member(string id) => new(id, "1", "h:1", LocalAddress.OfInstance(new ChannelInstanceConfig { Id = id })!);
}
