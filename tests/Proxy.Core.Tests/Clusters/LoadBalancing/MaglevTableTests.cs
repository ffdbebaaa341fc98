using FsCheck;
using FsCheck.Fluent;
using Proxy.Clusters.LoadBalancing;
using Proxy.Configuration.Clusters;
using Yarp.ReverseProxy.Model;

namespace Proxy.Core.Tests.Clusters.LoadBalancing;

public sealed class MaglevTableTests
{
    private const int Keys = 2_000;

    [Fact]
    public void Find_OneIsLost_ItsKeysMoveAndNoOthers() =>
        Check.QuickThrowOnFailure(
            Prop.ForAll(
                Gen.Choose(2, 20).ToArbitrary(),
                static count =>
                {
                    var table = new MaglevTable(All(count));
                    var before = Picks(table, static _ => true);

                    var after = Picks(table, static state => state.DestinationId != "d0");

                    var moved = before.Zip(after).Count(static pair => pair.First != pair.Second);
                    return before.Zip(after).All(static pair => pair.First == pair.Second || pair.First == "d0")
                        && !after.Contains("d0")
                        && moved <= Keys / count * 1.5;
                }
            )
        );

    [Fact]
    public void Find_OneIsTakenOutOfTheConfiguration_AboutItsShareMoves() =>
        Check.QuickThrowOnFailure(
            Prop.ForAll(
                Gen.Choose(2, 20).ToArbitrary(),
                static count =>
                {
                    var before = Picks(new MaglevTable(All(count)), static _ => true);
                    var after = Picks(new MaglevTable(All(count - 1)), static _ => true); // without the last one

                    var moved = before.Zip(after).Count(static pair => pair.First != pair.Second);
                    return moved <= (Keys / count * 1.5) + (Keys * 0.05);
                }
            )
        );

    [Fact]
    public void Find_LostOnesKeys_AreSpreadOverAllOthers()
    {
        var table = new MaglevTable(All(5));
        var before = Picks(table, static _ => true);
        var after = Picks(table, static state => state.DestinationId != "d2");

        var heirs = before.Zip(after).Where(static pair => pair.First == "d2").Select(static pair => pair.Second).CountBy(static id => id);

        Assert.Equal(4, heirs.Count());
        Assert.All(heirs, static heir => Assert.InRange(heir.Value, 50, 150)); // of about 400
    }

    [Fact]
    public void Shares_Equal_AllPlacesAreFilledEvenly()
    {
        var shares = new MaglevTable(All(7)).Shares;

        Assert.Equal(MaglevTable.Size, shares.Values.Sum());
        Assert.All(shares.Values, static share => Assert.InRange(share, MaglevTable.Size / 7, (MaglevTable.Size / 7) + 1));
    }

    [Fact]
    public void Shares_Weights_InProportion()
    {
        var shares = new MaglevTable(All(3, 1, 2, 5)).Shares;

        Assert.InRange(shares["d0"] * 8.0 / MaglevTable.Size, 0.99, 1.01);
        Assert.InRange(shares["d1"] * 8.0 / MaglevTable.Size, 1.99, 2.01);
        Assert.InRange(shares["d2"] * 8.0 / MaglevTable.Size, 4.99, 5.01);
    }

    [Fact]
    public void Shares_ManyLightOnesBesideAHeavyOne_InProportion()
    {
        var shares = new MaglevTable(All(1_000, 256)).Shares;

        Assert.InRange(shares["d0"] * 1_255.0 / 256 / MaglevTable.Size, 0.98, 1.02);
        Assert.All(Enumerable.Range(1, 999), i => Assert.InRange(shares[$"d{i}"], 51, 53)); // of 52.2
    }

    [Fact]
    public void Find_WeightZeroOrNoneThatMayBeChosen_Null()
    {
        Assert.Null(new MaglevTable(All(2, 0, 0)).Find("key", static _ => true));
        Assert.Null(new MaglevTable(All(2)).Find("key", static _ => false));
        Assert.Equal(["d1"], new MaglevTable(All(2, 0, 1)).Shares.Keys);
    }

    [Fact]
    public void Find_OtherOrderAndCaseOfIds_SameTable()
    {
        var one = new MaglevTable(new([new DestinationState("a"), new DestinationState("b"), new DestinationState("c")], null));
        var other = new MaglevTable(new([new DestinationState("C"), new DestinationState("A"), new DestinationState("B")], null));

        Assert.Equal(Picks(one, static _ => true), Picks(other, static _ => true).Select(static id => id.ToLowerInvariant()));
    }

    private static List<string> Picks(MaglevTable table, Predicate<DestinationState> mayBe) =>
        [.. Enumerable.Range(0, Keys).Select(key => table.Find($"192.0.{key / 256}.{key % 256}", mayBe)!.DestinationId)];

    private static DestinationWeights All(int count, params int[] weights)
    {
        var states = Enumerable.Range(0, count).Select(static i => new DestinationState($"d{i}")).ToList();
        var settings = new ClusterSection
        {
            Destinations = weights
                .Index()
                .ToDictionary(static pair => $"d{pair.Index}", static pair => new DestinationSection { Address = "", Weight = pair.Item }),
        };
        return new(states, settings);
    }
}
