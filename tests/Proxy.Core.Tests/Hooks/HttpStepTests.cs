using System.Net.Sockets;
using System.Text;
using Proxy.Hooks;

namespace Proxy.Core.Tests.Hooks;

public sealed class HttpStepTests : IDisposable
{
    private readonly TestHooks _hooks = new();
    private readonly Socket _listener = Loopback.Listen();

    [Theory]
    [InlineData("200 OK")]
    [InlineData("204 No Content")]
    public async Task Run_Answered2xx_Succeeds(string status)
    {
        var server = AnswerAsync($"HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n");

        Assert.True((await RunAsync()).Succeeded);

        var request = await server;
        Assert.StartsWith("POST /hook?key=1 HTTP/1.1\r\n", request, StringComparison.Ordinal);
        Assert.Contains("Content-Type: application/json\r\n", request, StringComparison.Ordinal);
        Assert.EndsWith(
            """
            {"event":"activate","route":"office","destination":"a","address":"tcp://localhost:8100","client":"10.1.2.3:4567","activation":7,"afterTimeout":false,"fencingToken":null}
            """,
            request,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task Run_Answered500_FailsWithItAndLogsTheAnswerWithoutTheQuery()
    {
        var server = AnswerAsync("HTTP/1.1 500 Oh\r\nContent-Length: 9\r\n\r\nbad\u001b\nluck");

        var result = await RunAsync();

        await server;
        Assert.Equal(HookOutcome.Failed, result.Outcome);
        Assert.Equal($"step 1 (Http http://127.0.0.1:{_listener.Port()}/hook) answered 500", result.Reason);
        Assert.Contains(_hooks.Logs.All, static line => line.EndsWith("answered 500: bad\\u001b\\u000aluck", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Run_Redirect_FailsAndGoesNowhere()
    {
        using var elsewhere = Loopback.Listen();
        var server = AnswerAsync($"HTTP/1.1 307 Go\r\nLocation: http://127.0.0.1:{elsewhere.Port()}/\r\nContent-Length: 0\r\n\r\n");

        var result = await RunAsync();

        await server;
        Assert.Equal(HookOutcome.Failed, result.Outcome);
        Assert.Contains("answered 307, and redirects are not followed", result.Reason, StringComparison.Ordinal);
        Assert.False(elsewhere.Poll(0, SelectMode.SelectRead));
    }

    [Fact]
    public async Task Run_NobodyListens_Fails()
    {
        using var reserved = Loopback.Reserve();

        var result = await _hooks.RunAsync(new() { Http = $"http://127.0.0.1:{reserved.Port()}/" });

        Assert.Equal(HookOutcome.Failed, result.Outcome);
        Assert.Contains("refused", result.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_NoHttp_Fails()
    {
        var server = AnswerAsync("SSH-2.0-x\r\n");

        Assert.Equal(HookOutcome.Failed, (await RunAsync()).Outcome);

        await server;
    }

    [Fact]
    public async Task Run_NoAnswer_TimesOut()
    {
        var result = await RunAsync(TimeSpan.FromMilliseconds(200));

        Assert.Equal(HookOutcome.TimedOut, result.Outcome);
    }

    [Fact]
    public async Task Run_Cancelled_SaysSo()
    {
        using var cancel = new CancellationTokenSource();
        var run = RunAsync(null, cancel.Token);
        using var peer = await _listener.AcceptWithinAsync();

        await cancel.CancelAsync();

        Assert.Equal(HookOutcome.Cancelled, (await run).Outcome);
    }

    [Fact]
    public async Task Run_EndlessAnswer_SucceedsAndReadsNoMore()
    {
        var run = RunAsync();
        using var peer = await _listener.AcceptWithinAsync();
        peer.NoDelay = true;
        await peer.SendAsync(Encoding.ASCII.GetBytes("HTTP/1.1 200 OK\r\n\r\n"));
        await SendForEverAsync(peer).WaitAsync(Eventually.Limit); // ends because the other side has closed

        Assert.True((await run).Succeeded);
    }

    [Fact]
    public async Task Run_AnswerThatNeverEnds_SucceedsByItsStatus()
    {
        var run = RunAsync();
        using var peer = await _listener.AcceptWithinAsync();
        await peer.SendAsync(Encoding.ASCII.GetBytes("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nso far"));

        Assert.True((await run.WaitAsync(Eventually.Limit)).Succeeded);

        Assert.Contains(_hooks.Logs.All, static line => line.EndsWith("answered 200: so far", StringComparison.Ordinal));
    }

    public void Dispose()
    {
        _hooks.Dispose();
        _listener.Dispose();
    }

    private static async Task SendForEverAsync(Socket peer)
    {
        try
        {
            while (true)
            {
                await peer.SendAsync(new byte[65536]);
            }
        }
        catch (SocketException)
        {
            // The reader has had enough.
        }
    }

    private Task<HookResult> RunAsync(TimeSpan? timeout = null, CancellationToken cancellationToken = default) =>
        _hooks.RunAsync(
            new() { Http = $"http://127.0.0.1:{_listener.Port()}/hook?key=1", Timeout = timeout ?? Eventually.Limit },
            null,
            cancellationToken
        );

    // Reads one request, answers, and closes.
    private async Task<string> AnswerAsync(string answer)
    {
        using var peer = await _listener.AcceptWithinAsync();
        using var limit = new CancellationTokenSource(Eventually.Limit);
        var request = new StringBuilder();
        var buffer = new byte[4096];
        while (!request.ToString().EndsWith('}'))
        {
            var count = await peer.ReceiveAsync(buffer, limit.Token);
            Assert.NotEqual(0, count);
            request.Append(Encoding.UTF8.GetString(buffer, 0, count));
        }

        await peer.SendAsync(Encoding.UTF8.GetBytes(answer));
        return request.ToString();
    }
}
