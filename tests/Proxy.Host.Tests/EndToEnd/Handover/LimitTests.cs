using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Proxy.Diagnostics;

namespace Proxy.Host.Tests.EndToEnd.Handover;

/// <summary>Limits, the access log and the API, for connections of a route with Mode Http.</summary>
public sealed class LimitTests
{
    private static readonly string _ask = HandoverHost.Question();

    public static TheoryData<string> Transports => ProtocolTests.Transports;

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task MaxConnections_IsReached_RefusesTheNext(string transport)
    {
        await using var host = await HandoverHost.StartAsync(transport, route: "\"Limits\": { \"MaxConnections\": 1 }");
        using var first = await TcpClientSocket.ConnectAsync(host.Address);
        Assert.StartsWith("HTTP/1.1 200", await HandoverHost.AskAsync(first), StringComparison.Ordinal);

        using var second = await TcpClientSocket.ConnectAsync(host.Address);

        Assert.Null(await AskAsync(second));
        Assert.StartsWith("HTTP/1.1 200", await HandoverHost.AskAsync(first), StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task KestrelsMaxConcurrentConnections_IsReached_RefusesTheNextOfBothVersions(string transport)
    {
        await using var host = await HandoverHost.StartAsync(
            transport,
            root: "\"Kestrel\": { \"Limits\": { \"MaxConcurrentConnections\": 1 } },"
        );
        Assert.NotEmpty(await host.GetAsync("/", HttpVersion.Version20));
        using var client = await TcpClientSocket.ConnectAsync(host.Address);
        await Eventually.TrueAsync(() => host.Host.Tracker.Count == 2);
        var record = host.Host.Tracker.Open.MaxBy(static record => record.Id)!;

        Assert.Null(await AskAsync(client));
        await Eventually.TrueAsync(() => record.Outcome is not null);
        Assert.Equal(ConnectionOutcome.LimitExceeded, record.Outcome);
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Bandwidth_LargeAnswerAndRequest_TakeTheirTime(string transport)
    {
        const int Rate = 100_000;
        const int Length = 3 * Rate; // a quarter of what flows in a second may come at once
        var least = TimeSpan.FromSeconds(1.9);
        await using var host = await HandoverHost.StartAsync(
            transport,
            route: $$""" "Limits": { "BytesPerSecondPerConnection": {{Rate}} } """
        );

        var started = Stopwatch.GetTimestamp();
        Assert.Equal(Length, (await host.GetAsync($"/bytes/{Length}")).Length);
        Assert.True(Stopwatch.GetElapsedTime(started) > least);

        started = Stopwatch.GetTimestamp();
        using var content = new ByteArrayContent(new byte[Length]);
        using var response = await host.Http.PostAsync(host.Url("/length"), content);
        Assert.Equal($"{Length}", await response.Content.ReadAsStringAsync());
        Assert.True(Stopwatch.GetElapsedTime(started) > least);
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task AdminPath_OnARouteWithModeHttp_IsAnyOtherPath(string transport)
    {
        await using var host = await HandoverHost.StartAsync(transport, root: "\"Admin\": { \"Url\": \"http://127.0.0.1:0\" },");

        using var response = await host.Http.GetAsync(host.Url("/healthz/live"));

        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode); // the site's
        Assert.Equal(
            "127.0.0.1 http x",
            (await AskTextAsync(host.Address, "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"))[^16..]
        );
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Connection_WhileItIsOpen_IsListedOnceWithItsRoute(string transport)
    {
        await using var host = await HandoverHost.StartAsync(transport, root: "\"Admin\": { \"Url\": \"http://127.0.0.1:0\" },");
        using var client = await TcpClientSocket.ConnectAsync(host.Address);
        Assert.StartsWith("HTTP/1.1 200", await HandoverHost.AskAsync(client), StringComparison.Ordinal);

        var answer = await host.Http.GetStringAsync(new Uri(Assert.Single(host.Host.Urls), "/api/connections"));

        using var json = System.Text.Json.JsonDocument.Parse(answer);
        var item = Assert.Single(json.RootElement.GetProperty("items").EnumerateArray());
        Assert.Equal("web", item.GetProperty("route").GetString());
        Assert.Equal("Connected", item.GetProperty("phase").GetString());
        Assert.Equal(_ask.Length, item.GetProperty("bytesIn").GetInt64());
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task AccessLog_ConnectionWithTwoRequests_HasALineForEach(string transport)
    {
        var log = Path.GetTempFileName();
        await using (
            var host = await HandoverHost.StartAsync(
                transport,
                root: $$""" "Log": { "Access": { "Path": {{System.Text.Json.JsonSerializer.Serialize(log)}} } }, """
            )
        )
        {
            using var client = await TcpClientSocket.ConnectAsync(host.Address);
            await HandoverHost.AskAsync(client);
            await HandoverHost.AskAsync(client);
            client.End();
            Assert.Equal("", await client.ReadAsync());
        }

        var lines = (await File.ReadAllLinesAsync(log))
            .Select(static line => System.Text.Json.JsonDocument.Parse(line).RootElement)
            .ToList();
        File.Delete(log);
        Assert.Equal(["request", "request", "end"], lines.Select(static line => line.GetProperty("event").GetString()));
        Assert.Equal(["all", "all", "web"], lines.Select(static line => line.GetProperty("route").GetString()));
        var id = lines[2].GetProperty("id").GetString();
        Assert.Equal($"{id}:00000002", lines[1].GetProperty("id").GetString());
        Assert.Equal("Completed", lines[2].GetProperty("outcome").GetString());
        Assert.Equal(2 * _ask.Length, lines[2].GetProperty("bytesIn").GetInt64());
    }

    private static async Task<string?> AskAsync(TcpClientSocket client)
    {
        try
        {
            return await client.AskAsync(_ask);
        }
        catch (SocketException)
        {
            return null; // reset before it was sent
        }
    }

    private static async Task<string> AskTextAsync(IPEndPoint address, string request)
    {
        using var client = await TcpClientSocket.ConnectAsync(address);
        var text = await client.AskAsync(request);
        while (await client.ReadAsync() is { Length: > 0 } more)
        {
            text += more;
        }

        return text!.Replace("\r\n0\r\n\r\n", "", StringComparison.Ordinal);
    }
}
