using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Proxy.Connections;
using Proxy.Host.Http;
using Proxy.Host.Tests.Support;

namespace Proxy.Host.Tests.Http;

public sealed class HttpConnectionLimitTests : IDisposable
{
    private const string Ask = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
    private const string Health = "GET /healthz/live HTTP/1.1\r\nHost: localhost\r\n\r\n";
    private const string Upgrade = "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: any\r\n\r\n";

    private readonly List<TcpClientSocket> _open = [];

    [Fact]
    public async Task Connect_MoreThanTheLimit_AreClosedAndTheAdminAddressHasPlaces()
    {
        var (web, admin) = (Ports.Free(), Ports.Free());
        await using var host = await TestHost.StartAsync(
            $$"""
            { "Admin": { "Url": "http://127.0.0.1:{{admin}}" },
              "Kestrel": { "Endpoints": { "h": { "Url": "http://127.0.0.1:{{web}}" } }, "Limits": { "MaxConcurrentConnections": 2 } } }
            """
        );
        var first = await ConnectAsync(web);
        Assert.StartsWith("HTTP/1.1 404", await first.AskAsync(Ask), StringComparison.Ordinal);
        Assert.StartsWith("HTTP/1.1 404", await (await ConnectAsync(web)).AskAsync(Ask), StringComparison.Ordinal);

        Assert.True(string.IsNullOrEmpty(await (await ConnectAsync(web)).ReadAsync()));

        for (var i = 0; i < 5; i++)
        {
            Assert.StartsWith("HTTP/1.1 200", await (await ConnectAsync(admin)).AskAsync(Health), StringComparison.Ordinal);
        }

        first.Dispose();
        await Eventually.TrueAsync(async () => await AnswersAsync(web)); // when its end is noticed
    }

    [Theory]
    [InlineData(null, 1000, 512L)] // fewer than that: accepting pauses instead
    [InlineData(null, int.MaxValue, null)]
    [InlineData(-1L, 1000, null)]
    [InlineData(7L, 1000, 7L)]
    public void Maximum_Configured_IsItAndOtherwiseWhatTheDescriptorsAllow(long? configured, int limit, long? expected) =>
        Assert.Equal(expected, HttpConnectionLimit.Maximum(configured, Resources(limit)));

    [Fact]
    public void Maximum_ManyDescriptors_IsTheNumberOfClients() =>
        Assert.Equal(Resources(100_000).Clients, (int)HttpConnectionLimit.Maximum(null, Resources(100_000))!);

    [Fact]
    public async Task Upgrade_Connection_DoesNotCountAnyMore()
    {
        await using var app = await ServeAsync();
        var port = new Uri(app.Urls.Single()).Port;
        Assert.StartsWith("HTTP/1.1 101", await (await ConnectAsync(port)).AskAsync(Upgrade), StringComparison.Ordinal);

        Assert.StartsWith("HTTP/1.1 101", await (await ConnectAsync(port)).AskAsync(Upgrade), StringComparison.Ordinal);

        Dispose();
    }

    [Fact]
    public async Task Upgrade_AnswerNotSentYet_ConnectionDoesNotCountAnyMore()
    {
        var sending = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var send = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var app = await ServeAsync(() =>
        {
            sending.SetResult();
            return send.Task;
        });
        var port = new Uri(app.Urls.Single()).Port;
        var first = await ConnectAsync(port);
        await first.SendAsync(Upgrade);
        await sending.Task.WaitAsync(Eventually.Limit);

        Assert.StartsWith("HTTP/1.1 200", await (await ConnectAsync(port)).AskAsync(Ask), StringComparison.Ordinal);

        send.SetResult();
        Assert.StartsWith("HTTP/1.1 101", await first.ReadAsync(), StringComparison.Ordinal);
        Dispose();
    }

    [Fact]
    public async Task Upgrade_Fails_ConnectionStillCounts()
    {
        await using var app = await ServeAsync(static () => throw new InvalidOperationException());
        var port = new Uri(app.Urls.Single()).Port;
        Assert.StartsWith("HTTP/1.1 200", await (await ConnectAsync(port)).AskAsync(Upgrade), StringComparison.Ordinal);

        Assert.True(string.IsNullOrEmpty(await (await ConnectAsync(port)).ReadAsync()));

        Dispose();
    }

    public void Dispose()
    {
        _open.ForEach(static client => client.Dispose());
        _open.Clear();
    }

    /// <summary>An endpoint that has a place for one connection, and upgrades what asks for it.</summary>
    /// <param name="upgrading">Runs before the answer to an upgrade is sent.</param>
    private static async Task<WebApplication> ServeAsync(Func<Task>? upgrading = null)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddSingleton(TimeProvider.System).AddLogging();
        builder
            .WebHost.UseKestrelCore()
            .ConfigureKestrel(static kestrel =>
                kestrel.Listen(System.Net.IPAddress.Loopback, 0, static listen => HttpConnectionLimit.AddTo(listen, 1))
            );
        var app = builder.Build();
        app.Use(
            (context, next) =>
            {
                if (context.Features.Get<IHttpUpgradeFeature>() is { } upgrade)
                {
                    context.Features.Set<IHttpUpgradeFeature>(new Upgrading(upgrade, upgrading));
                }

                return next(context);
            }
        );
        HttpConnectionLimit.NoticeUpgrades(app);
        app.Run(AnswerAsync);
        await app.StartAsync();
        return app;
    }

    private static async Task AnswerAsync(HttpContext context)
    {
        try
        {
            if (context.Features.Get<IHttpUpgradeFeature>() is { IsUpgradableRequest: true } upgrade)
            {
                var stream = await upgrade.UpgradeAsync();
                await stream.CopyToAsync(Stream.Null, context.RequestAborted);
                return;
            }
        }
        catch (InvalidOperationException)
        {
            // It goes on as HTTP.
        }

        await context.Response.WriteAsync("plain");
    }

    private static Resources Resources(int limit) => new(limit, static () => 0, TimeProvider.System);

    private static async Task<bool> AnswersAsync(int port)
    {
        using var client = await TcpClientSocket.ConnectAsync(port);
        return (await client.AskAsync(Ask))?.StartsWith("HTTP/1.1 404", StringComparison.Ordinal) is true;
    }

    private async Task<TcpClientSocket> ConnectAsync(int port)
    {
        var client = await TcpClientSocket.ConnectAsync(port);
        _open.Add(client);
        return client;
    }

    private sealed class Upgrading(IHttpUpgradeFeature inner, Func<Task>? before) : IHttpUpgradeFeature
    {
        public bool IsUpgradableRequest => inner.IsUpgradableRequest;

        public async Task<Stream> UpgradeAsync()
        {
            await (before?.Invoke() ?? Task.CompletedTask);
            return await inner.UpgradeAsync();
        }
    }
}
