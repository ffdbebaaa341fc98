using System.Threading.Channels;
using Proxy.Channels.Membership;
using Proxy.Channels.Tunnel;

namespace Proxy.Core.Tests.Channels.Membership;

/// <summary>What becomes of one member that is asked again and again.</summary>
public sealed class HelloWatchTests
{
    [Fact]
    public async Task Lost_LongAfterItsLastWord_IsSuspectForItsLease()
    {
        var time = new ManualTime();
        var reports = Channel.CreateUnbounded<MemberState?>();
        await using var members = await FakeMembers.StartAsync(1);
        members.Come();
        using var tunnels = new TunnelConnectionFactory(new() { Url = "http://127.0.0.1:0" }, null, "B_1");
        var (id, config) = members.Configure(1).Single();
        await using var watch = new HelloWatch(
            HelloCandidate.Of(id, config),
            new("B_1", "1", "127.0.0.1:1", System.Net.IPAddress.Loopback),
            new HelloReader(tunnels, time),
            time,
            (_, member, _) => Assert.True(reports.Writer.TryWrite(member?.State))
        );
        watch.Start();
        Assert.Equal(MemberState.Up, await NextAsync(reports));
        time.Advance(TimeSpan.FromHours(1)); // it has nothing new to say

        await members.VanishAsync();

        Assert.Equal(MemberState.Suspect, await NextAsync(reports));
        time.Advance(HelloWatch.Lease - TimeSpan.FromSeconds(1));
        Assert.False(reports.Reader.TryPeek(out _));
        using var limit = new CancellationTokenSource(Eventually.Limit);
        while (!reports.Reader.TryPeek(out _))
        {
            limit.Token.ThrowIfCancellationRequested();
            time.Advance(TimeSpan.FromMilliseconds(500));
            await Task.Yield();
        }

        Assert.Null(await NextAsync(reports));
    }

    private static Task<MemberState?> NextAsync(Channel<MemberState?> reports) =>
        reports.Reader.ReadAsync().AsTask().WaitAsync(Eventually.Limit);
}
