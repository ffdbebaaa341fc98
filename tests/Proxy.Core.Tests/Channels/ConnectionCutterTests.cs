using Microsoft.AspNetCore.Connections;
using Proxy.Channels;
using Proxy.Connections;
using Proxy.Diagnostics;
using Proxy.Timing;

namespace Proxy.Core.Tests.Channels;

public sealed class ConnectionCutterTests : IDisposable
{
    private static readonly TimeSpan _drain = TimeSpan.FromSeconds(5);

    private readonly ManualTime _time = new();
    private readonly ConnectionTracker _tracker = new();
    private readonly DeadlineClock _clock;

    public ConnectionCutterTests() => _clock = new(_time);

    public void Dispose() => _clock.Dispose();

    [Fact]
    public async Task CutGone_MemberIsBackWhenTheTimeIsOver_ItsConnectionsGoOn()
    {
        var (back, gone) = (Open("A_1"), Open("A_2"));
        var cutter = CreateCutter();

        cutter.CutGone("A_1", _drain, static () => true);
        cutter.CutGone("A_2", _drain, static () => false);
        _time.Advance(_drain);

        await Eventually.TrueAsync(() => gone.Outcome is not null);
        Assert.Equal((null, ConnectionOutcome.MemberGone), (back.Outcome, gone.Outcome));
    }

    [Fact]
    public void CutGone_WithoutTime_EndsThoseOfTheMemberAlone()
    {
        var (other, gone) = (Open("A_1"), Open("A_2"));

        CreateCutter().CutGone("A_2", TimeSpan.Zero, static () => false);

        Assert.Equal((null, ConnectionOutcome.MemberGone), (other.Outcome, gone.Outcome));
    }

    [Fact]
    public void CutLost_MemberDoesNotAnswer_EndsItsTunnelsWithConnectionsOfTheirOwn()
    {
        var (other, shared, own) = (Open("A_1"), Open("A_2"), Open("A_2"));
        other.HasOwnTunnel = own.HasOwnTunnel = true;

        CreateCutter().CutLost("A_2", TimeSpan.Zero, static () => false);

        Assert.Equal((null, null, ConnectionOutcome.TunnelLost), (other.Outcome, shared.Outcome, own.Outcome));
    }

    [Fact]
    public async Task CutLost_MemberAnswersInTime_ItsTunnelsGoOn()
    {
        var (back, gone) = (Open("A_1"), Open("A_2"));
        back.HasOwnTunnel = gone.HasOwnTunnel = true;
        var cutter = CreateCutter();

        cutter.CutLost("A_1", _drain, static () => true);
        cutter.CutLost("A_2", _drain, static () => false);
        _time.Advance(_drain);

        await Eventually.TrueAsync(() => gone.Outcome is not null);
        Assert.Equal((null, ConnectionOutcome.TunnelLost), (back.Outcome, gone.Outcome));
    }

    private ConnectionCutter CreateCutter() => new(_tracker, new ConnectionDrain(_clock), _time);

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
