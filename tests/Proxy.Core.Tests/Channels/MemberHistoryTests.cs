using System.Globalization;
using System.Net;
using Proxy.Channels;
using Proxy.Channels.Membership;
using Proxy.Configuration.Channels;

namespace Proxy.Core.Tests.Channels;

public sealed class MemberHistoryTests
{
    private readonly ManualTime _time = new();
    private readonly MemberDirectory _members = new("A_0");
    private readonly MemberHistory _history;

    public MemberHistoryTests()
    {
        _history = new(_time);
        _history.Use(new() { Provider = "registry" });
    }

    [Fact]
    public void Follow_MemberExpires_LostForAnHourOrUntilItIsBack()
    {
        Say(new MembershipUpdate.Changed(Member("A_1")));
        _time.Advance(TimeSpan.FromMinutes(1));
        Say(new MembershipUpdate.Gone("A_1", DepartureReason.Expired));

        Assert.Equal([new LostMember("A_1", _time.GetUtcNow())], _history.Lost);
        Say(new MembershipUpdate.Changed(Member("A_1")));
        Assert.Empty(_history.Lost);

        Say(new MembershipUpdate.Gone("A_1", DepartureReason.Expired));
        _time.Advance(TimeSpan.FromHours(1));
        Assert.Empty(_history.Lost);
    }

    [Fact]
    public void Follow_MemberLeaves_IsNotLost()
    {
        Say(new MembershipUpdate.Changed(Member("A_1")));
        Say(new MembershipUpdate.Gone("A_1", DepartureReason.Left));

        Assert.Empty(_history.Lost);
    }

    [Fact]
    public void Follow_MissingFromTheFullSet_IsLost()
    {
        Say(new MembershipUpdate.Full(1, [Member("A_1"), Member("A_2")]));
        Say(new MembershipUpdate.Full(2, [Member("A_2")]));

        Assert.Equal("A_1", Assert.Single(_history.Lost).Id);
    }

    [Fact]
    public void Follow_ProviderIsSwitched_MissingFromItsFirstSetIsNotLostAndFromItsSecondIs()
    {
        Say(new MembershipUpdate.Full(1, [Member("A_1"), Member("A_2")]));
        _history.Use(new());
        Say(new MembershipUpdate.Full(0, []));
        Assert.Empty(_history.Lost);

        Say(new MembershipUpdate.Full(1, [Member("A_1")]));
        _history.Use(new()); // read again, and the same
        Say(new MembershipUpdate.Full(2, []));
        Assert.Equal("A_1", Assert.Single(_history.Lost).Id);
    }

    [Fact]
    public void Follow_LostMemberIsRemovedByAnEdit_IsNotLostAnyMore()
    {
        _history.Use(Static("A_1", "A_2"));
        Say(new MembershipUpdate.Changed(Member("A_1")));
        Say(new MembershipUpdate.Changed(Member("A_2")));
        Say(new MembershipUpdate.Gone("A_1", DepartureReason.Expired));
        Say(new MembershipUpdate.Gone("A_2", DepartureReason.Expired));

        _history.Use(Static("A_2"));
        Say(new MembershipUpdate.Fresh());

        Assert.Equal("A_2", Assert.Single(_history.Lost).Id);
    }

    [Fact]
    public void Follow_MembersAreRefusedForTheSameAddress_AreNotLost()
    {
        var members = new MemberDirectory("A_0", static () => IPAddress.Parse("127.1.0.1"));
        void Hear(MembershipUpdate update) => _history.Follow(update, members.Apply(update), members.Current);
        Hear(new MembershipUpdate.Changed(Member("A_1")));
        Hear(new MembershipUpdate.Changed(Member("A_2"))); // the same address

        Assert.NotEmpty(members.Current.Refused);
        Assert.Empty(_history.Lost);
    }

    [Fact]
    public void Follow_StateChanges_SinceThen()
    {
        Say(new MembershipUpdate.Changed(Member("A_1")));
        _time.Advance(TimeSpan.FromMinutes(1));
        var since = _time.GetUtcNow();
        Say(new MembershipUpdate.Changed(Member("A_1") with { State = MemberState.Suspect }));
        _time.Advance(TimeSpan.FromMinutes(1));
        Say(new MembershipUpdate.Changed(Member("A_1") with { State = MemberState.Suspect, Zone = "b" }));

        Assert.Equal(since, _history.SinceOf("A_1"));
    }

    [Fact]
    public void Follow_Stale_SinceTheFirstUntilFresh()
    {
        var since = _time.GetUtcNow();
        Say(new MembershipUpdate.Stale());
        _time.Advance(TimeSpan.FromMinutes(1));
        Say(new MembershipUpdate.Stale());
        Assert.Equal(since, _history.StaleSince);

        Say(new MembershipUpdate.Fresh());
        Assert.Null(_history.StaleSince);
    }

    [Fact]
    public void Follow_ThousandsLost_AreBounded()
    {
        for (var i = 1; i <= 3000; i++)
        {
            var id = string.Create(CultureInfo.InvariantCulture, $"A_{i}");
            Say(new MembershipUpdate.Changed(Member(id)));
            Say(new MembershipUpdate.Gone(id, DepartureReason.Expired));
        }

        Assert.Equal(1000, _history.Lost.Count);
    }

    private static MembershipConfig Static(params string[] ids) =>
        new() { Members = ids.ToDictionary(static id => id, static _ => new ChannelMemberConfig { Address = "127.0.0.1:1" }) };

    private static MemberRecord Member(string id) => new(id, "1", "127.0.0.1:1", IPAddress.Loopback);

    private void Say(MembershipUpdate update) => _history.Follow(update, _members.Apply(update), _members.Current);
}
