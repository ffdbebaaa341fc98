using System.Net;
using Proxy.Admission;

namespace Proxy.Core.Tests.Admission;

public sealed class SourceTableTests
{
    [Theory]
    [InlineData("192.0.2.1", "192.0.2.2", false)]
    [InlineData("192.0.2.1", "::ffff:192.0.2.1", true)]
    [InlineData("2001:db8:0:1::1", "2001:db8:0:1:ffff::2", true)]
    [InlineData("2001:db8:0:1::1", "2001:db8:0:2::1", false)]
    [InlineData("::192.0.2.1", "192.0.2.1", false)]
    public void Find_TwoAddresses_SameSourceIfOfOnePrefix(string one, string other, bool same)
    {
        var table = new SourceTable(64);

        var (first, second) = (table.Find(IPAddress.Parse(one), 0), table.Find(IPAddress.Parse(other), 0));

        Assert.Equal(same, ReferenceEquals(first, second));
    }

    [Theory]
    [InlineData(1, "::1")]
    [InlineData(64, "::1")]
    [InlineData(128, "::")]
    [InlineData(128, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff")]
    [InlineData(64, "0.0.0.0")]
    [InlineData(64, "255.255.255.255")]
    public void Find_NoAddress_SourceOfItsOwn(int prefix, string other)
    {
        var table = new SourceTable(prefix);
        var without = table.Find(null, 0);

        Assert.Same(without, table.Find(null, 0));
        var with = table.Find(IPAddress.Parse(other), 0);
        Assert.NotSame(without, with);
        Assert.NotSame(table.Others, without);
        table.Enter(without);
        table.Leave(without, 0);
        table.ForgetIdle(10);
        Assert.NotSame(with, table.Find(IPAddress.Parse(other), 10));
        Assert.Same(without, table.Find(null, 10));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(127)]
    [InlineData(128)]
    public void Find_AnyPrefix_AddressesThatDifferBeyondItAreOneSource(int prefix)
    {
        var table = new SourceTable(prefix);
        var source = table.Find(IPAddress.Parse("8000::"), 0);

        Assert.Equal(prefix < 128, ReferenceEquals(source, table.Find(IPAddress.Parse("8000::1"), 0)));
        Assert.NotSame(source, table.Find(IPAddress.Parse("::1"), 0));
    }

    [Fact]
    public void Find_FullOfOnesWithConnections_FurtherOnesAreOneSource()
    {
        var table = new SourceTable(64, most: 2);
        table.Enter(table.Find(Address(1), 0));
        table.Enter(table.Find(Address(2), 0));

        var (third, fourth) = (table.Find(Address(3), 100), table.Find(Address(4), 100));

        Assert.Same(table.Others, third);
        Assert.Same(third, fourth);
        Assert.Equal(2, table.Count);
        Assert.NotSame(third, table.Find(Address(1), 100));
    }

    [Fact]
    public void Find_FullAndOneHasBeenIdleForASecond_ThatOneIsForgotten()
    {
        var table = new SourceTable(64, most: 2);
        var first = table.Find(Address(1), 0);
        table.Find(Address(2), 0.5);

        Assert.Same(table.Others, table.Find(Address(3), 0.9)); // the bucket of the first is not full again yet
        Assert.NotSame(table.Others, table.Find(Address(3), 1));
        Assert.Equal(2, table.Count);
        Assert.NotSame(first, table.Find(Address(1), 2));
    }

    [Fact]
    public void Find_ConnectionEnded_IdleFromThenOn()
    {
        var table = new SourceTable(64, most: 1);
        var source = table.Find(Address(1), 0);
        table.Enter(source);
        table.Enter(source);
        table.Leave(source, 10);
        Assert.Same(table.Others, table.Find(Address(2), 20));

        table.Leave(source, 20);

        Assert.Same(table.Others, table.Find(Address(2), 20.5));
        Assert.NotSame(table.Others, table.Find(Address(2), 21));
    }

    [Fact]
    public void Find_MillionsOfSources_NeverMoreThanTheMost()
    {
        var table = new SourceTable(64);

        for (var i = 0; i < 300_000; i++)
        {
            table.Find(Address(i), i / 1_000_000.0);
        }

        Assert.Equal(SourceTable.Most, table.Count);
    }

    [Fact]
    public void Find_FewAtATime_TheTableGetsSmallerByItself()
    {
        var table = new SourceTable(64);
        for (var i = 0; i < 1000; i++)
        {
            table.Find(Address(i), 0);
        }

        for (var i = 0; i < 1000; i++)
        {
            table.Find(Address(10_000 + i), 10 + (2.0 * i));
        }

        Assert.InRange(table.Count, 1, 3);
    }

    [Fact]
    public void ForgetIdle_AfterAFlood_MemoryIsGivenBackAndNewOnesHaveTheirOwn()
    {
        var table = new SourceTable(64);
        var open = table.Find(Address(0), 0);
        table.Enter(open);
        for (var i = 1; i <= 2 * SourceTable.Most; i++)
        {
            table.Find(Address(i), i / 1_000_000.0);
        }

        Assert.Equal(SourceTable.Most, table.Count);
        Assert.False(table.ForgetIdle(0.9)); // no bucket is full again
        Assert.Equal(SourceTable.Most, table.Count);
        var sweeps = 1;
        while (table.ForgetIdle(2))
        {
            sweeps++;
        }

        Assert.Equal((1, SourceTable.Most / 1_000), (table.Count, sweeps));
        Assert.InRange(table.Capacity, 1, 1_000);
        Assert.Same(open, table.Find(Address(0), 2));
        Assert.NotSame(table.Find(Address(1), 2), table.Find(Address(2), 2));
    }

    // Without a sweep: one second after its last client the next one has its own bucket.
    [Fact]
    public void Find_ASecondAfterAFlood_NewOnesHaveTheirOwn()
    {
        var table = new SourceTable(64);
        for (var i = 0; i < SourceTable.Most; i++)
        {
            table.Find(Address(i), 0);
        }

        Assert.Same(table.Others, table.Find(Address(SourceTable.Most), 0.9));
        var later = Enumerable.Range(2 * SourceTable.Most, 1_000).Select(i => table.Find(Address(i), 1)).ToList();

        Assert.DoesNotContain(table.Others, later);
        Assert.Equal(1_000, later.Distinct().Count());
        Assert.Equal(SourceTable.Most - 1_000, table.Count);
    }

    private static IPAddress Address(int number) => new([10, (byte)(number >> 16), (byte)(number >> 8), (byte)number]);
}
