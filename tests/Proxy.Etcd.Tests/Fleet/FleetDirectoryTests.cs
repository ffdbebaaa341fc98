using System.Text;
using Proxy.Engine;
using Proxy.Etcd.Client;
using Proxy.Etcd.Fleet;

namespace Proxy.Etcd.Tests.Fleet;

public sealed class FleetDirectoryTests
{
    private readonly ManualTime _time = new();
    private readonly FleetDirectory _fleet;
    private long _revision;

    public FleetDirectoryTests() => _fleet = new(new("/proxy", "g"), "A_1", _time);

    [Fact]
    public void Apply_HostsComeAndGo_AreListedByTheirIds()
    {
        _fleet.Apply(new KeyUpdate.Full(1, [Key(Host("B_1")), Key(Host("A_1") with { Version = "1.2" })]));
        Assert.Equal(["A_1", "B_1"], _fleet.Current.Hosts.Select(static host => host.Instance));
        Assert.Equal("1.2", _fleet.Current.Hosts[0].Version);

        Change(Host("A_2"));
        _fleet.Apply(new KeyUpdate.Changed(9, [new("/proxy/g/host/B_1", null)]));

        Assert.Equal(["A_1", "A_2"], _fleet.Current.Hosts.Select(static host => host.Instance));
    }

    [Fact]
    public void Apply_DocumentOfOneHostIsOlder_IsBehindSinceThen()
    {
        _fleet.Apply(new KeyUpdate.Full(1, [Key(Host("A_1", 5)), Key(Host("A_2", 5)), Key(Host("A_3"))]));
        Assert.All(_fleet.Current.Hosts, static host => Assert.Empty(host.Behind));

        _time.Advance(TimeSpan.FromMinutes(1));
        var since = _time.GetUtcNow();
        Change(Host("A_2", 9));
        _time.Advance(TimeSpan.FromMinutes(1));
        Change(Host("A_3"));

        Assert.Equal(["edge"], _fleet.Current.Hosts[0].Behind);
        Assert.Equal(since, _fleet.Current.Hosts[0].BehindSince);
        Assert.All(_fleet.Current.Hosts.Skip(1), static host => Assert.Null(host.BehindSince));

        Change(Host("A_1", 9));
        Assert.Null(_fleet.Current.Hosts[0].BehindSince);
    }

    [Fact]
    public void Apply_RevisionsDiffer_TheUsualOneIsThatOfMoreThanHalf()
    {
        _fleet.Apply(
            new KeyUpdate.Full(
                1,
                [
                    Key(Host("A_1") with { Revision = "old", AppliedAt = _time.GetUtcNow() }),
                    Key(Host("A_2") with { Revision = "old", AppliedAt = _time.GetUtcNow() }),
                    Key(Host("A_3") with { Revision = "new", AppliedAt = _time.GetUtcNow() + TimeSpan.FromSeconds(1) }),
                ]
            )
        );
        Assert.Equal("old", _fleet.Current.UsualRevision);

        _fleet.Apply(new KeyUpdate.Changed(2, [new("/proxy/g/host/A_1", null)]));
        Assert.Null(_fleet.Current.UsualRevision); // one half each
    }

    [Fact]
    public void Apply_EngineAway_KeepsTheHostsAndSaysSinceWhen()
    {
        _fleet.Apply(new KeyUpdate.Full(1, [Key(Host("A_1"))]));
        var since = _time.GetUtcNow();
        _fleet.Apply(new KeyUpdate.Stale("away"));
        _time.Advance(TimeSpan.FromMinutes(1));
        _fleet.Apply(new KeyUpdate.Stale("away"));

        Assert.Equal(since, _fleet.Current.StaleSince);
        Assert.Single(_fleet.Current.Hosts);
        _fleet.Apply(new KeyUpdate.Fresh());
        Assert.Null(_fleet.Current.StaleSince);
    }

    [Fact]
    public void Apply_LongIdsAreEqualOnceShortened_AreBothListed()
    {
        var (one, two) = (Host(new string('a', 300) + "1", 5), Host(new string('a', 300) + "2", 5));
        _fleet.Apply(new KeyUpdate.Full(1, [Key(Host("A_1", 9)), Key(one), Key(two)]));
        Change(Host("A_1", 10)); // which compares with those that were behind

        Assert.Equal(3, _fleet.Current.Hosts.Count);
        Assert.Equal(2, _fleet.Current.Hosts.Count(static host => host.BehindSince is not null));
    }

    [Theory]
    [InlineData("no JSON")]
    [InlineData("null")]
    [InlineData("{\"epoch\": 7}")]
    [InlineData("{\"documents\": [null, {\"name\": null}], \"level\": \"Strange\", \"version\": \"a\\u001bb\"}")]
    public void Apply_RecordOfAnotherProgram_TheHostIsListed(string value)
    {
        _fleet.Apply(new KeyUpdate.Full(1, [new("/proxy/g/host/x", Encoding.UTF8.GetBytes(value), 1, 1, 0)]));

        var host = Assert.Single(_fleet.Current.Hosts);
        Assert.Equal(("x", 0), (host.Instance, host.Documents.Count));
        Assert.DoesNotContain('\u001b', host.Version ?? "");
    }

    private static FleetHost Host(string instance, params long[] edge) =>
        new(instance, "e") { Documents = [.. edge.Select(static revision => new FleetDocument("edge", revision))], Version = "1" };

    private void Change(FleetHost host) => _fleet.Apply(new KeyUpdate.Changed(++_revision + 1, [new(Key(host).Key, Key(host))]));

    private static StoredKey Key(FleetHost host) => new($"/proxy/g/host/{host.Instance}", HostRecord.Write(host), 1, 1, 7);
}
