using System.Net;
using Proxy.Channels.Tunnel;

namespace Proxy.Core.Tests.Channels.Tunnel;

public sealed class GreetingLimitTests
{
    private static readonly IPAddress _one = IPAddress.Parse("10.0.0.1");
    private static readonly IPAddress _two = IPAddress.Parse("10.0.0.2");

    private readonly List<string> _dropped = [];
    private readonly GreetingLimit _limit = new(each: 2, all: 3);

    [Fact]
    public void TryEnter_AddressHasTooMany_ItsOldestGivesWay()
    {
        Enter(_one, "first");
        Enter(_one, "second");

        Assert.NotNull(Enter(_one, "third"));

        Assert.Equal(["first"], _dropped);
    }

    [Fact]
    public void TryEnter_FloodOfOneAddress_NewestIsAdmittedAndOthersAreNotTouched()
    {
        Enter(_two, "other");
        foreach (var number in Enumerable.Range(0, 10))
        {
            Assert.NotNull(Enter(_one, $"{number}"));
        }

        Assert.Equal(Enumerable.Range(0, 8).Select(static number => $"{number}"), _dropped);
    }

    [Fact]
    public void TryEnter_LimitOfAll_KnownAddressIsAdmitted()
    {
        _limit.Leave(_one, Enter(_one, "greets")!, greeted: true);
        Enter(_two, "a");
        Enter(_two, "b");
        Enter(IPAddress.Parse("10.0.0.3"), "c");

        Assert.Null(Enter(IPAddress.Parse("10.0.0.4"), "d"));
        Assert.NotNull(Enter(_one, "again"));
        Assert.Empty(_dropped);
    }

    [Fact]
    public void Leave_AfterGivingWay_CountsOnce()
    {
        var first = Enter(_one, "first")!;
        Enter(_one, "second");
        Enter(_one, "third");
        Assert.Equal(["first"], _dropped);

        _limit.Leave(_one, first, greeted: false);

        Assert.NotNull(Enter(_two, "other"));
        Assert.Null(Enter(_two, "another")); // three again
    }

    private LinkedListNode<Action>? Enter(IPAddress address, string name) => _limit.TryEnter(address, () => _dropped.Add(name));
}
