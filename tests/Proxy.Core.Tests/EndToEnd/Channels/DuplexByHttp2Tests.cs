using Microsoft.Extensions.DependencyInjection;
using Proxy.Channels.Tunnel;
using Proxy.Configuration.Channels;
using Proxy.Limits;

namespace Proxy.Core.Tests.EndToEnd.Channels;

public sealed class DuplexByHttp2Tests() : DuplexTests(TunnelCarriage.Http2, onLoops: false)
{
    [Theory]
    [InlineData(true, TunnelProtocol.StreamWindow / 2, 3 * TunnelProtocol.StreamWindow)] // the peer gets room when it has used half
    [InlineData(false, 64 * 1024, 256 * 1024)] // of its pipe; the window is in buffers of the HTTP client, which are not counted
    public async Task Call_OneSideReadsNothing_WhatTheTunnelHoldsThereIsCountedUntilItHasGone(bool server, int least, int most)
    {
        const int Sent = 64 * 1024 * 1024; // more than the sockets and the tunnel take together
        using var client = await CallAsync();
        using var served = await AcceptAsync();
        var (sender, silent, holder) = server ? (client, served, Server) : (served, client, Caller);
        var tunnels = holder.GetRequiredService<TunnelPace>().Memory;
        var process = holder.GetRequiredService<ByteBudget>();

        // No receive buffer is made small: below the loopback's segments of 64 kB the kernel moves some 40 kB/s.
        var sending = sender.SendAsync(new byte[Sent]);
        await Eventually.TrueAsync(() => tunnels.Used >= least && process.Used >= least);
        Assert.False(sending.IsCompleted);

        var peak = tunnels.Used;
        await ReadExactlyAsync(silent, Sent, () => peak = Math.Max(peak, tunnels.Used));
        await sending.WaitAsync(Eventually.Limit);
        Assert.InRange(peak, 0, most);
        await Eventually.TrueAsync(() => tunnels.Used <= 4 * TunnelMemory.BlockSize); // that of the connection's own reads
        await Eventually.TrueAsync(() => process.Used <= 4 * TunnelMemory.BlockSize);
    }
}

/// <summary>Kestrel serves the connections that another listener has accepted.</summary>
public sealed class DuplexByHttp2OnASharedPortTests() : DuplexTests(TunnelCarriage.Auto, onLoops: true);

public sealed class DuplexByConnectionsTests() : DuplexTests(TunnelCarriage.Connection, onLoops: true);

public sealed class DuplexByConnectionsOfThePortableTransportTests() : DuplexTests(TunnelCarriage.Connection, onLoops: false);
