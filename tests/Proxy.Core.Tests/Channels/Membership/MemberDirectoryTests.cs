using System.Net;
using Proxy.Channels.Membership;
using Proxy.Configuration.Channels;

namespace Proxy.Core.Tests.Channels.Membership;

/// <summary>Of members that cannot all be, those who are.</summary>
public sealed class MemberDirectoryTests
{
    private readonly MemberDirectory _members = new("C_0", static () => LocalAddress.OfOrdinal(0));

    [Fact]
    public void Apply_TwoOfOneAddress_TheFirstIsAMember()
    {
        Join("B_1");
        Assert.Empty(_members.Apply(new MembershipUpdate.Changed(Member("B_2"))));

        Assert.Equal(["B_1"], _members.Apply(new MembershipUpdate.Changed(Member("A_1")))); // gone: its address is another's

        Assert.Equal("A_1 B_2", Ids());
        Assert.Contains("'A_1' keeps it", Assert.Single(_members.Current.Refused).Value, StringComparison.Ordinal);
    }

    [Fact]
    public void Apply_FirstOfTwoIsGone_TheOtherIsAMember()
    {
        Join("A_1", "B_1", "B_2");

        Assert.Equal(["A_1"], _members.Apply(new MembershipUpdate.Gone("A_1", DepartureReason.Left)));

        Assert.Equal("B_1 B_2", Ids());
        Assert.Empty(_members.Current.Refused);
    }

    [Fact]
    public void Apply_RefusedOneSaysMore_IsRefusedStill()
    {
        Join("A_1", "B_1");

        _members.Apply(new MembershipUpdate.Changed(Member("B_1") with { Zone = "z" }));

        Assert.Equal("A_1", Ids());
        Assert.Equal("z", _members.Current.Known["B_1"].Zone);
    }

    [Fact]
    public void Apply_RefusedOneMoves_IsAMember()
    {
        Join("A_1", "B_1");

        _members.Apply(new MembershipUpdate.Changed(Member("B_1") with { LocalAddress = LocalAddress.OfOrdinal(7) }));

        Assert.Equal("A_1 B_1", Ids());
    }

    [Theory]
    [InlineData("A_0", "'A_0' keeps it")]
    [InlineData("D_0", "'C_0' keeps it")]
    public void Apply_OneOfTheOwnAddress_IsNoMemberHere(string id, string keeper)
    {
        Join(id, "A_1");

        Assert.Equal("A_1", Ids());
        Assert.Contains(keeper, Assert.Single(_members.Current.Refused).Value, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("127.0.0.2", "127.0.0.1")]
    [InlineData("127.0.0.1", "127.0.0.3")]
    public void Apply_OneOfAnotherLoopbackMode_IsNoMemberHere(string own, string other)
    {
        var members = new MemberDirectory("A_0", () => IPAddress.Parse(own));

        members.Apply(new MembershipUpdate.Changed(Member("A_1") with { LocalAddress = IPAddress.Parse(other) }));

        Assert.Empty(members.Current.All);
        Assert.Contains("Loopback:Mode", Assert.Single(members.Current.Refused).Value, StringComparison.Ordinal);
    }

    [Fact]
    public void Apply_ModePort_AllAreMembers()
    {
        var members = new MemberDirectory("A_0", static () => IPAddress.Loopback);

        members.Apply(
            new MembershipUpdate.Full(
                1,
                [Member("A_1") with { LocalAddress = IPAddress.Loopback }, Member("A_2") with { LocalAddress = IPAddress.Loopback }]
            )
        );

        Assert.Equal((2, 0), (members.Current.All.Count, members.Current.Refused.Count));
    }

    private static MemberRecord Member(string id) =>
        new(id, "epoch", "127.0.0.1:1", LocalAddress.OfInstance(new ChannelInstanceConfig { Id = id })!);

    private void Join(params string[] ids) => _members.Apply(new MembershipUpdate.Full(1, [.. ids.Select(Member)]));

    private string Ids() => string.Join(' ', _members.Current.All.Keys.Order(StringComparer.Ordinal));
}
