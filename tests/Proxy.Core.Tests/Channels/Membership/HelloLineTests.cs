using System.Net;
using Proxy.Channels.Membership;
using Proxy.Configuration.Channels;

namespace Proxy.Core.Tests.Channels.Membership;

public sealed class HelloLineTests
{
    [Fact]
    public void Write_Member_IsReadAsItWas()
    {
        var member = Member([
            new("db", true, false, [9200]),
            new("none", false, false, []),
            new("ring", true, true, [.. Enumerable.Range(9000, 1024)]),
        ]);

        Assert.Equal(member, Read(member));
        Assert.InRange(HelloLine.Write(member).Length, 1, 1000);
    }

    [Fact]
    public void Write_TheMostThatAConfigurationMaySay_IsRead()
    {
        int[] ports = [.. Enumerable.Range(0, 1024).Select(static n => 10_000 + (n * 2))];
        var items = new List<ChannelConfig>();
        for (var count = 0; ChannelLimits.Fits(items); count++)
        {
            items.Add(
                new ChannelConfig
                {
                    Type = ChannelType.Duplex,
                    Mode = DuplexMode.Connect,
                    Connector = Name(count),
                    Ports = ports,
                }
            );
        }

        var connectors = items.SkipLast(1).Select(static item => new MemberConnector(item.Connector, true, true, item.AllPorts));
        var member = Member([.. connectors]) with
        {
            Role = new string('\u0001', ChannelLimits.MaxText),
            Zone = new string('\u0001', ChannelLimits.MaxText),
        };

        Assert.Equal(member, Read(member));
        Assert.InRange(HelloLine.Write(member).Length, ChannelLimits.MaxLine * 3 / 4, ChannelLimits.MaxLine);
    }

    [Fact]
    public void TryRead_MorePortsThanAChannelHas_IsRefused() =>
        Assert.False(
            HelloLine.TryRead(HelloLine.Write(Member([new("ring", true, true, [.. Enumerable.Range(1, 1025)])])), "h:1", out _, out _)
        );

    private static string Name(int number) => $"{number:D3}{new string('x', 60)}";

    private static MemberRecord Member(IReadOnlyList<MemberConnector> connectors) =>
        new("A_1", "epoch", "h:1", IPAddress.Parse("127.0.0.3")) { Connectors = connectors };

    private static MemberRecord? Read(MemberRecord member)
    {
        Assert.True(HelloLine.TryRead(HelloLine.Write(member), "h:1", out var read, out _));
        return read;
    }
}
