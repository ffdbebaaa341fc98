using System.Text;
using Proxy.Channels.Membership;
using Proxy.Etcd.Client;
using Proxy.Etcd.Membership;

namespace Proxy.Etcd.Tests.Membership;

public sealed class MembersViewTests
{
    private const string Prefix = "/proxy/prod/m/";

    private readonly LogLines _log = new();
    private readonly MembersView _view;

    public MembersViewTests() => _view = new(Prefix, "A_0", _log);

    [Theory]
    [InlineData("")]
    [InlineData("{}")]
    [InlineData("null")]
    [InlineData("[1]")]
    [InlineData("no JSON")]
    [InlineData("{\"instance\":\"A_2\",\"epoch\":\"e\",\"address\":\"h:1\",\"ip\":\"127.0.0.4\",\"connectors\":[]}")]
    [InlineData("{\"instance\":\"A_1\",\"epoch\":\"e\",\"address\":\"h\",\"ip\":\"127.0.0.3\",\"connectors\":[]}")]
    [InlineData("{\"instance\":\"A_1\",\"epoch\":\"e\",\"address\":\"h:1\",\"ip\":\"10.0.0.3\",\"connectors\":[]}")]
    public void Take_NoRecord_IsReportedOnceAndSkipped(string value)
    {
        Assert.Empty(Take(1, ("A_1", value)));
        Assert.Empty(Take(2, ("A_1", value)));
        Assert.Equal([], Full(3, ("A_1", value)).Members);
        Assert.Contains($"{Prefix}A_1 has {value.Length} bytes", Assert.Single(_log.Lines), StringComparison.Ordinal);
    }

    [Fact]
    public void Take_ValueOfTheWrongEncodingOrTooLong_IsSkipped()
    {
        Assert.Empty(_view.Take(new KeyUpdate.Changed(1, [Change("A_1", [.. "{\"instance\":\""u8, 0xff, 0xfe, .. "\"}"u8])])));
        Assert.Empty(Take(2, ("A_2", Text("A_2").PadRight(70_000))));
        Assert.Equal(2, _log.Lines.Count);
    }

    [Fact]
    public void Take_FieldsOfALaterVersion_AreIgnored()
    {
        var changed = Assert.IsType<MembershipUpdate.Changed>(
            Assert.Single(Take(1, ("A_1", Text("A_1").Replace("{\"instance\"", "{\"weight\":[{}],\"instance\"", StringComparison.Ordinal))))
        );

        Assert.Equal(EngineGroup.Record("A_1"), changed.Member);
    }

    [Fact]
    public void Take_RecordThatBecomesUnreadable_StaysAsItWas()
    {
        Take(1, ("A_1", Text("A_1")));

        Assert.Empty(Take(2, ("A_1", "nonsense")));

        Assert.Equal([EngineGroup.Record("A_1")], Full(3, ("A_1", "nonsense")).Members);
        Assert.Equal(new MembershipUpdate.Gone("A_1", DepartureReason.Expired), Assert.Single(Take(4, ("A_1", null))));
        Assert.Empty(Take(5, ("A_1", null)));
    }

    [Fact]
    public void Take_RecordUnderAnotherLease_IsNoChange()
    {
        Take(1, ("A_1", Text("A_1")));

        Assert.Empty(Take(2, ("A_1", Text("A_1"))));
    }

    [Fact]
    public void Take_MarkAndThenRemoval_IsOneDeparture()
    {
        Take(1, ("A_1", Text("A_1")));

        Assert.Equal(new MembershipUpdate.Gone("A_1", DepartureReason.Left), Assert.Single(Take(2, ("A_1", "{\"left\":true}"))));

        Assert.Empty(Take(3, ("A_1", null)));
        Assert.Empty(_log.Lines);
    }

    [Fact]
    public void Take_KeysThatVanishInOneStep_AreOneLoss()
    {
        Take(1, ("A_1", Text("A_1")));
        Take(2, ("A_2", Text("A_2")));

        var updates = _view.Take(
            new KeyUpdate.Changed(3, [Change("A_1", null), Change("A_3", Encoding.UTF8.GetBytes(Text("A_3"))), Change("A_2", null)])
        );

        Assert.Equal(["A_1", "A_2"], updates.OfType<MembershipUpdate.Lost>().Single().Ids);
        Assert.Equal(
            new MembershipUpdate.Changed(EngineGroup.Record("A_3")),
            Assert.Single(updates, static update => update is not MembershipUpdate.Lost)
        );
    }

    [Fact]
    public void Take_OwnKey_IsNoMember()
    {
        var update = new KeyUpdate.Changed(1, [Change("A_0", Encoding.UTF8.GetBytes(Text("A_0")))]);

        Assert.Empty(_view.Take(update));
        Assert.Equal((true, update.Changes[0].Now, update.Revision), _view.OwnKey(update));
        Assert.Equal((true, null, 2), _view.OwnKey(new KeyUpdate.Full(2, [])));
        Assert.Equal((false, null, 0), _view.OwnKey(new KeyUpdate.Changed(3, [new KeyChange($"{Prefix}A_1", null)])));
        Assert.Equal((false, null, 0), _view.OwnKey(new KeyUpdate.Fresh()));
    }

    [Fact]
    public void Take_StaleAndFresh_ArePassedOn()
    {
        Assert.Equal([new MembershipUpdate.Stale()], _view.Take(new KeyUpdate.Stale("away")));
        Assert.Equal([new MembershipUpdate.Fresh()], _view.Take(new KeyUpdate.Fresh()));
    }

    private static string Text(string id) => Encoding.UTF8.GetString(HelloLine.Write(EngineGroup.Record(id)));

    private static KeyChange Change(string id, byte[]? value) =>
        new($"{Prefix}{id}", value is null ? null : new StoredKey($"{Prefix}{id}", value, 1, 1, 1));

    private List<MembershipUpdate> Take(long revision, (string Id, string? Value) change) =>
        [
            .. _view.Take(
                new KeyUpdate.Changed(revision, [Change(change.Id, change.Value is { } text ? Encoding.UTF8.GetBytes(text) : null)])
            ),
        ];

    private MembershipUpdate.Full Full(long revision, params (string Id, string Value)[] keys) =>
        Assert.IsType<MembershipUpdate.Full>(
            Assert.Single(
                _view.Take(
                    new KeyUpdate.Full(revision, [.. keys.Select(static key => Change(key.Id, Encoding.UTF8.GetBytes(key.Value)).Now!)])
                )
            )
        );
}
