using Proxy.Host.Tests.Support;

namespace Proxy.Host.Tests.Hosting;

/// <summary>What the program says when it stops.</summary>
public sealed class StopReportTests : IDisposable
{
    private readonly TcpServer _server = new("hello");
    private readonly string _file = Path.GetTempFileName();

    [Fact]
    public async Task Stop_ClientsLeave_SaysWhatItWaitedForAndHowItEnded()
    {
        using var process = await StartAsync("");
        using var client = await TcpClientSocket.ConnectAsync(await process.PortAsync());
        Assert.Equal("hello", await client.ReadAsync());

        await process.SignalAsync("TERM");
        await Eventually.TrueAsync(() => process.Errors.Contains("waiting for 1 connection (r: 1), ", StringComparison.Ordinal));
        client.End();

        Assert.Equal(0, await process.ExitAsync());
        Assert.Matches(@" info  Stopped after [0-9.]+ s: every open connection ended by itself \(1\)\.", process.Errors);
    }

    [Fact]
    public async Task Stop_ClientStays_SaysThatItWasReset()
    {
        using var process = await StartAsync("\"DrainTimeout\": \"00:00:00.2\"");
        using var client = await TcpClientSocket.ConnectAsync(await process.PortAsync());
        Assert.Equal("hello", await client.ReadAsync());

        await process.SignalAsync("TERM");

        Assert.Equal(0, await process.ExitAsync());
        Assert.Matches(@" warn  Stopped after .* by themselves: 0; that were reset when their time was over: 1\.", process.Errors);
    }

    [Fact]
    public async Task Stop_NobodyConnected_SaysSo()
    {
        using var process = await StartAsync("");
        await process.PortAsync();
        await Eventually.TrueAsync(() => process.Errors.Contains("Ready in ", StringComparison.Ordinal));

        await process.SignalAsync("INT");

        Assert.Equal(0, await process.ExitAsync());
        Assert.Contains("no connection is open.", process.Errors, StringComparison.Ordinal);
        Assert.Matches(@"Stopped after [0-9.]+ s: no connection was open\.", process.Errors);
    }

    [Fact]
    public async Task Stop_SecondSignal_SaysThatItEndsAtOnce()
    {
        using var process = await StartAsync("");
        using var client = await TcpClientSocket.ConnectAsync(await process.PortAsync());
        Assert.Equal("hello", await client.ReadAsync());

        await process.SignalAsync("TERM");
        await Eventually.TrueAsync(() => process.Errors.Contains("waiting for 1 connection", StringComparison.Ordinal));
        await process.SignalAsync("TERM");

        await process.ExitAsync();
        Assert.Contains("A second signal (SIGTERM) ends the program at once", process.Errors, StringComparison.Ordinal);
    }

    public void Dispose()
    {
        _server.Dispose();
        File.Delete(_file);
    }

    private async Task<ProxyProcess> StartAsync(string more)
    {
        await File.WriteAllTextAsync(_file, Json.Routes(Json.Route("r", more), _server.Port));
        return new ProxyProcess("", "--config", _file);
    }
}
