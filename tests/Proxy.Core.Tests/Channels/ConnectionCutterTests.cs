using Microsoft.AspNetCore.Connections;
using Proxy.Channels;
using Proxy.Diagnostics;

namespace Proxy.Core.Tests.Channels;

public sealed class ConnectionCutterTests
{
    private static readonly TimeSpan _drain = TimeSpan.FromSeconds(5);

    private readonly ManualTime _time = new();
    private readonly ConnectionTracker _tracker = new();

    [Fact]
    public async Task CutGone_MemberIsBackWhenTheTimeIsOver_ItsConnectionsGoOn()
    {
        var (back, gone) = (Open("A_1"), Open("A_2"));
        var cutter = new ConnectionCutter(_tracker, _time);

        cutter.CutGone("A_1", _drain, static () => true, CancellationToken.None);
        cutter.CutGone("A_2", _drain, static () => false, CancellationToken.None);
        _time.Advance(_drain);

        await Eventually.TrueAsync(() => gone.Outcome is not null);
        Assert.Equal((null, ConnectionOutcome.MemberGone), (back.Outcome, gone.Outcome));
    }

    [Fact]
    public void CutGone_WithoutTime_EndsThoseOfTheMemberAlone()
    {
        var (other, gone) = (Open("A_1"), Open("A_2"));

        new ConnectionCutter(_tracker, _time).CutGone("A_2", TimeSpan.Zero, static () => false, CancellationToken.None);

        Assert.Equal((null, ConnectionOutcome.MemberGone), (other.Outcome, gone.Outcome));
    }

    private ConnectionRecord Open(string member)
    {
        ConnectionContext connection = new FakeConnection(member);
        var record = new ConnectionRecord(connection, ChannelSlots.Endpoint("ring"), ChannelSlots.Calls, _time)
        {
            ClusterId = ChannelSlots.Cluster("ring"),
            DestinationId = member,
        };
        _tracker.Add(record);
        return record;
    }
}
