using System.Net;
using FsCheck;
using FsCheck.Fluent;
using Proxy.Configuration.Networks;

namespace Proxy.Core.Tests.Configuration.Networks;

public sealed class NetworkTableTests
{
    [Theory]
    [InlineData("10.0.0.0/8", "10.255.255.255", true)]
    [InlineData("10.0.0.0/8", "11.0.0.0", false)]
    [InlineData("0.0.0.0/0", "255.255.255.255", true)]
    [InlineData("0.0.0.0/0", "::1", false)]
    [InlineData("::/0", "::1", true)]
    [InlineData("::/0", "0.0.0.0", false)]
    [InlineData("192.0.2.1/32", "192.0.2.1", true)]
    [InlineData("2001:db8::1/128", "2001:db8::2", false)]
    public void Find_OneNetwork_FindsItsAddresses(string network, string address, bool found)
    {
        var table = new NetworkTable<int>();
        table.Add(IPNetwork.Parse(network), 1);

        Assert.Equal(found ? 1 : null, table.Find(IPAddress.Parse(address)));
    }

    [Fact]
    public void Find_SeveralNetworks_TheLeastValueAndNotTheLongestPrefix()
    {
        var table = new NetworkTable<int>();
        table.Add(IPNetwork.Parse("10.1.0.0/16"), 5);
        table.Add(IPNetwork.Parse("10.1.0.0/16"), 7);
        table.Add(IPNetwork.Parse("10.0.0.0/8"), 4);

        Assert.Equal(4, table.Find(IPAddress.Parse("10.1.2.3")));
        Assert.Equal(4, table.FindCover(IPNetwork.Parse("10.1.0.0/16")));
        Assert.Null(table.FindCover(IPNetwork.Parse("10.0.0.0/7")));
    }

    [Fact]
    public void FindAndFindCover_AnyNetworks_AsASearchThroughAll() =>
        Check.QuickThrowOnFailure(
            Prop.ForAll(
                Network().ListOf().ToArbitrary(),
                Network().ToArbitrary(),
                static (networks, wanted) =>
                {
                    var table = new NetworkTable<int>();
                    foreach (var (index, network) in networks.Index())
                    {
                        table.Add(network, index);
                    }

                    var address = networks
                        .Index()
                        .Where(item => item.Item.Contains(wanted.BaseAddress))
                        .Select(static item => (int?)item.Index);
                    var cover = networks
                        .Index()
                        .Where(item => item.Item.PrefixLength <= wanted.PrefixLength && item.Item.Contains(wanted.BaseAddress))
                        .Select(static item => (int?)item.Index);
                    return table.Find(wanted.BaseAddress) == address.FirstOrDefault() && table.FindCover(wanted) == cover.FirstOrDefault();
                }
            )
        );

    // Few bits differ, so that networks do contain each other.
    private static Gen<IPNetwork> Network() =>
        from six in ArbMap.Default.GeneratorFor<bool>()
        from high in Gen.Choose(0, 3)
        from low in Gen.Choose(0, 3)
        from prefix in Gen.Choose(0, six ? 128 : 32)
        select Masked(six ? [0x20, (byte)high, .. new byte[13], (byte)low] : [10, (byte)high, 0, (byte)low], prefix);

    private static IPNetwork Masked(byte[] bytes, int prefix)
    {
        for (var bit = prefix; bit < bytes.Length * 8; bit++)
        {
            bytes[bit / 8] &= (byte)~(0x80 >> (bit % 8));
        }

        return new IPNetwork(new IPAddress(bytes), prefix);
    }
}
