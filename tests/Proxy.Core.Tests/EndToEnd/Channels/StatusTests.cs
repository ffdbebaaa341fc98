using System.Net;
using System.Net.Sockets;
using Proxy.Core.Tests.Channels.Tunnel;

namespace Proxy.Core.Tests.EndToEnd.Channels;

/// <summary>Every status a peer may be answered with, for both kinds of request.</summary>
public sealed class StatusTests
{
    private static readonly TimeSpan _patience = TimeSpan.FromMinutes(3);

    public static TheoryData<string> Methods => ["POST", "CONNECT"];

    [Theory]
    [MemberData(nameof(Methods))]
    public async Task Open_ServerAccepts_200AndBytesFlow(string method)
    {
        await using var bed = await TunnelBed.StartAsync();
        bed.Legacy.Listen();
        await using var client = await bed.ConnectAsync();

        await bed.OpenAsync(client, method, 1);

        Assert.Equal("200", await client.StatusAsync(1));
        using var served = await bed.Legacy.AcceptWithinAsync();
        await client.DataAsync(1, "there"u8.ToArray(), end: false);
        Assert.Equal("there", await served.ReadTextAsync(5));
        var record = Assert.Single(bed.Instance.Tracker.Open);
        Assert.Equal(record.Peeking, record.Peeking); // it has ended
        await served.SendAsync("back"u8.ToArray());
        Assert.Equal("back"u8.ToArray(), (await client.ReadAsync(1)).Payload);
    }

    [Theory]
    [MemberData(nameof(Methods))]
    public async Task Open_ByNobody_401(string method)
    {
        await using var bed = await TunnelBed.StartAsync(static tunnel => tunnel with { Url = $"http://{IPAddress.Loopback}:0" });
        bed.Legacy.Listen();
        await using var client = await RawHttp2.ConnectInsecureAsync(bed.Address);

        await bed.OpenAsync(client, method, 1);
        Assert.Equal("401", await client.StatusAsync(1));

        await bed.OpenAsync(client, method, 3, more: ("channel-from", "B_1"));
        Assert.Equal("200", await client.StatusAsync(3));
    }

    [Theory]
    [MemberData(nameof(Methods))]
    public Task Open_InAnothersName_403(string method) =>
        RefusedAsync("403", "", (bed, client) => bed.OpenAsync(client, method, 1, more: ("channel-from", "B_2")));

    [Theory]
    [MemberData(nameof(Methods))]
    public async Task Open_NotAllowed_403(string method)
    {
        await using var bed = await TunnelBed.StartAsync();
        bed.Legacy.Listen();
        using var certificate = bed.Issue("C_1");
        await using var client = await RawHttp2.ConnectAsync(bed.Address, certificate);

        await bed.OpenAsync(client, method, 1);

        Assert.Equal("403", await client.StatusAsync(1));
    }

    [Theory]
    [MemberData(nameof(Methods))]
    public Task Open_ConnectorNotServed_404(string method) =>
        RefusedAsync("404", "", (bed, client) => bed.OpenAsync(client, method, 1, connector: "db"));

    [Theory]
    [MemberData(nameof(Methods))]
    public Task Open_PortNotServed_404(string method) =>
        RefusedAsync("404", "", (bed, client) => bed.OpenAsync(client, method, 1, port: 22));

    [Theory]
    [MemberData(nameof(Methods))]
    public Task Open_AnotherInstance_421(string method) =>
        RefusedAsync("421", "", (bed, client) => bed.OpenAsync(client, method, 1, instance: "A_1"));

    [Theory]
    [MemberData(nameof(Methods))]
    public Task Open_AnotherEpoch_421(string method) =>
        RefusedAsync("421", "", (bed, client) => bed.OpenAsync(client, method, 1, more: ("channel-to", $"iid=\"{bed.Id}\";epoch=\"0\"")));

    [Theory]
    [MemberData(nameof(Methods))]
    public async Task Open_BeyondTheLimit_429UntilOneEnds(string method)
    {
        await using var bed = await TunnelBed.StartAsync(static tunnel => tunnel with { MaxTunnelsPerPeer = 1 });
        bed.Legacy.Listen();
        await using var client = await bed.ConnectAsync();
        await bed.OpenAsync(client, method, 1);
        Assert.Equal("200", await client.StatusAsync(1));

        await bed.OpenAsync(client, method, 3);

        var (status, fields) = await client.AnswerAsync(3);
        Assert.Equal("429", status);
        Assert.Contains("error=limit", fields, StringComparison.Ordinal);
        await client.ResetAsync(1, code: 8);
        var next = 5;
        await Eventually.TrueAsync(async () =>
        {
            await bed.OpenAsync(client, method, next);
            var answer = await client.StatusAsync(next);
            next += 2;
            return answer == "200";
        });
    }

    [Theory]
    [MemberData(nameof(Methods))]
    public async Task Open_WhileDraining_503AndOpenTunnelsGoOn(string method)
    {
        await using var bed = await TunnelBed.StartAsync();
        bed.Legacy.Listen();
        await using var client = await bed.ConnectAsync();
        await bed.OpenAsync(client, method, 1);
        Assert.Equal("200", await client.StatusAsync(1));
        using var served = await bed.Legacy.AcceptWithinAsync();

        var stopping = bed.Instance.StopAsync();
        Assert.Equal(RawHttp2.GoAway, (await client.ReadAsync(1)).Type);
        await bed.OpenAsync(client, method, 3);

        var (status, fields) = await client.AnswerAsync(3);
        Assert.Equal("503", status);
        Assert.Contains("error=draining", fields, StringComparison.Ordinal);
        await served.SendAsync("on"u8.ToArray());
        Assert.Equal("on"u8.ToArray(), (await client.ReadAsync(1)).Payload);
        served.Shutdown(SocketShutdown.Send);
        await client.DataAsync(1, [], end: true);
        await stopping;
    }

    [Theory]
    [MemberData(nameof(Methods))]
    public Task Open_ServerIsDown_503(string method) =>
        RefusedAsync("503", "error=connection_refused", (bed, client) => bed.OpenAsync(client, method, 1), listens: false);

    [Theory]
    [MemberData(nameof(Methods))]
    public async Task Open_ServerDoesNotAnswer_504(string method)
    {
        var time = new ManualTime();
        await using var bed = await TunnelBed.StartAsync(static tunnel => tunnel with { ConnectTimeout = _patience }, time);
        await using var client = await bed.ConnectAsync();
        bed.Legacy.Listen(0);
        using var full = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await full.ConnectAsync(bed.Legacy.LocalEndPoint!); // one waits to be accepted; the system lets nobody wait behind it

        await bed.OpenAsync(client, method, 1);
        await time.WaitForTimerAsync(_patience); // the limit of the dial; that of the client's own greeting is in real time
        time.Advance(_patience);

        var (status, fields) = await client.AnswerAsync(1);
        Assert.Equal("504", status);
        Assert.Contains("error=connection_timeout", fields, StringComparison.Ordinal);
    }

    private static async Task RefusedAsync(string status, string reason, Func<TunnelBed, RawHttp2, Task> open, bool listens = true)
    {
        await using var bed = await TunnelBed.StartAsync();
        if (listens)
        {
            bed.Legacy.Listen();
        }

        await using var client = await bed.ConnectAsync();
        await open(bed, client);

        var (answered, fields) = await client.AnswerAsync(1);
        Assert.Equal(status, answered);
        Assert.Contains(reason, fields, StringComparison.Ordinal);
    }
}
