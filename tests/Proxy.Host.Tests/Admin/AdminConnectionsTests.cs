using System.Globalization;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;
using Proxy.Connections;
using Proxy.Host.Admin;
using Proxy.Host.Tests.Support;

namespace Proxy.Host.Tests.Admin;

/// <summary>What clients that hold connections to the admin address can keep from others.</summary>
public sealed class AdminConnectionsTests : IDisposable
{
    private const string Health = "GET /healthz/live HTTP/1.1\r\nHost: localhost\r\n\r\n";
    private const string Routes = "GET /api/routes HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer secret\r\n\r\n";

    private readonly List<TcpClientSocket> _open = [];

    [Fact]
    public async Task Health_AllPlacesIdle_IsAnsweredAndTheOldestIsClosed()
    {
        await using var host = await StartAsync();
        await FillAsync(host, null);
        Assert.StartsWith("HTTP/1.1 200", await AskAsync(_open[^1], Health), StringComparison.Ordinal); // so that it is not closed for its silence

        using var probe = await ConnectAsync(host);

        Assert.StartsWith("HTTP/1.1 200", await AskAsync(probe, Health), StringComparison.Ordinal);
        Assert.True(await OneEndsAsync(_open.SkipLast(1)));
        Assert.StartsWith("HTTP/1.1 200", await AskAsync(_open[^1], Health), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Health_ConnectionsThatAskedForHealthBefore_TheLongestIdleIsClosed()
    {
        await using var host = await StartAsync();
        await FillAsync(host, Health);
        Assert.StartsWith("HTTP/1.1 200", await AskAsync(_open[0], Health), StringComparison.Ordinal);

        using var probe = await ConnectAsync(host);

        Assert.StartsWith("HTTP/1.1 200", await AskAsync(probe, Health), StringComparison.Ordinal);
        Assert.True(await OneEndsAsync(_open.Skip(1)));
        Assert.StartsWith("HTTP/1.1 200", await AskAsync(_open[0], Health), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Admit_AllPlacesForAuthorizedOnesBusy_RefusedWhileHealthIsAdmitted()
    {
        using var connections = new AdminConnections(Resources.OfProcess, TimeProvider.System);
        var end = new TaskCompletionSource();
        var busy = Enumerable
            .Range(0, AdminConnections.Max - AdminConnections.KeptForHealth)
            .Select(_ => RunAsync(connections, needsToken: true, end.Task).Running)
            .ToList();

        var (late, lateRunning) = RunAsync(connections, needsToken: true, end.Task);
        await lateRunning;
        var (probe, probeRunning) = RunAsync(connections, needsToken: false, Task.CompletedTask);
        await probeRunning;

        Assert.Equal(503, late.Response.StatusCode);
        Assert.Equal(200, probe.Response.StatusCode);
        Assert.All(busy, static one => Assert.False(one.IsCompleted));
        end.SetResult();
        await Task.WhenAll(busy);
    }

    [Fact]
    public async Task Request_AllPlacesForAuthorizedOnesIdle_TheLongestIdleIsClosed()
    {
        await using var host = await StartAsync();
        await FillAsync(host, Routes, AdminConnections.Max - AdminConnections.KeptForHealth);

        using var late = await ConnectAsync(host);

        Assert.StartsWith("HTTP/1.1 200", await AskAsync(late, Routes), StringComparison.Ordinal);
        Assert.True(await OneEndsAsync(_open.SkipLast(1)));
        Assert.StartsWith("HTTP/1.1 200", await AskAsync(_open[^1], Routes), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Connect_WithoutARequest_IsClosedAfterTheLimitAndWithOneStays()
    {
        await using var host = await StartAsync();
        using var client = await ConnectAsync(host);
        Assert.StartsWith("HTTP/1.1 200", await AskAsync(client, Health), StringComparison.Ordinal);
        using var silent = await ConnectAsync(host);
        using var slow = await ConnectAsync(host);
        await slow.SendAsync("GET /healthz/live HTTP/1.1\r\nHost:");

        Assert.True(await EndsAsync(silent));
        Assert.True(await EndsAsync(slow));
        Assert.StartsWith("HTTP/1.1 200", await AskAsync(client, Health), StringComparison.Ordinal);
    }

    public void Dispose() => _open.ForEach(static client => client.Dispose());

    // A connection with one request, which lasts until a task ends.
    private static (HttpContext Context, Task Running) RunAsync(AdminConnections connections, bool needsToken, Task until)
    {
        var context = new DefaultHttpContext();
        var endpoint = needsToken ? new EndpointMetadataCollection() : new EndpointMetadataCollection(new AdminMetadata.WithoutToken());
        context.SetEndpoint(new Endpoint(null, endpoint, null));
        return (
            context,
            connections.OnConnectionAsync(
                new DefaultConnectionContext(),
                connection =>
                {
                    context.Features.Set(connection.Features.Get<AdminConnection>());
                    return connections.TrackAsync(context, one => connections.AdmitAsync(one, _ => until));
                }
            )
        );
    }

    private static Task<TestHost> StartAsync() =>
        TestHost.StartAsync("""{ "Admin": { "Url": "http://127.0.0.1:0", "Token": "secret" } }""");

    private static Task<TcpClientSocket> ConnectAsync(TestHost host) => TcpClientSocket.ConnectAsync(host.Urls.Single().Port);

    private async Task FillAsync(TestHost host, string? request, int count = AdminConnections.Max)
    {
        for (var i = 0; i < count; i++)
        {
            _open.Add(await ConnectAsync(host));
            if (request is not null)
            {
                Assert.StartsWith("HTTP/1.1 200", await AskAsync(_open[i], request), StringComparison.Ordinal);
            }
        }
    }

    /// <summary>Sends a request and reads its answer to the end, which may come in several parts.</summary>
    private static async Task<string?> AskAsync(TcpClientSocket client, string request)
    {
        var answer = await client.AskAsync(request) ?? "";
        while (answer.Length > 0 && !IsWhole(answer) && await client.ReadAsync() is { Length: > 0 } more)
        {
            answer += more;
        }

        return answer;
    }

    private static bool IsWhole(string answer)
    {
        var headers = answer.Split("\r\n\r\n", 2);
        return headers is [var head, var body]
            && (
                head.Contains("chunked", StringComparison.OrdinalIgnoreCase)
                    ? body.EndsWith("0\r\n\r\n", StringComparison.Ordinal)
                    : body.Length >= Length(head)
            );
    }

    private static int Length(string head) =>
        head.Split("\r\n")
            .Where(static line => line.StartsWith("Content-Length:", StringComparison.OrdinalIgnoreCase))
            .Select(static line => int.Parse(line.Split(':')[1], CultureInfo.InvariantCulture))
            .FirstOrDefault();

    // Which of several is idle longest depends on when the host noted that they were accepted, or that their answers had ended: a moment after
    // the client saw it.
    private static async Task<bool> OneEndsAsync(IEnumerable<TcpClientSocket> clients) =>
        await await Task.WhenAny(clients.Select(EndsAsync));

    private static async Task<bool> EndsAsync(TcpClientSocket client) => string.IsNullOrEmpty(await client.ReadAsync());
}
