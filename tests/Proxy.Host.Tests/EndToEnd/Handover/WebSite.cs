using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.WebSockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;

namespace Proxy.Host.Tests.EndToEnd.Handover;

/// <summary>A web server behind the proxy, with HTTP/1.1 on one port and HTTP/2 on another.</summary>
internal sealed class WebSite : IAsyncDisposable
{
    private readonly WebApplication _app;

    private WebSite(WebApplication app)
    {
        _app = app;
        var ports = app
            .Services.GetRequiredService<IServer>()
            .Features.Get<IServerAddressesFeature>()!
            .Addresses.Select(static url => new Uri(url).Port)
            .ToList();
        (Port, Http2Port) = (ports[0], ports[1]);
    }

    public int Port { get; }

    public int Http2Port { get; }

    /// <summary>What requests of <c>/wait</c> wait for.</summary>
    public TaskCompletionSource Go { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>The events of requests: <c>begun</c>, <c>aborted</c>.</summary>
    public ConcurrentQueue<string> Events { get; } = [];

    public static async Task<WebSite> StartAsync()
    {
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.Services.AddRoutingCore();
        builder.WebHost.UseKestrelCore();
        builder.WebHost.ConfigureKestrel(static kestrel =>
        {
            kestrel.Listen(IPAddress.Loopback, 0);
            kestrel.Listen(IPAddress.Loopback, 0, static listen => listen.Protocols = HttpProtocols.Http2);
            kestrel.Limits.MinRequestBodyDataRate = null;
        });
        var app = builder.Build();
        WebSite? site = null;
        app.UseWebSockets();
        app.UseRouting();
        app.MapGet("/", static context => context.Response.WriteAsync(Describe(context)));
        app.MapPost("/length", LengthAsync);
        app.MapGet("/wait", context => site!.WaitAsync(context));
        app.MapGet("/events", context => site!.StreamAsync(context));
        app.MapGet("/cut", context => site!.CutAsync(context));
        app.MapGet("/bytes/{count:int}", BytesAsync);
        app.Map("/ws", EchoAsync);
        app.MapPost("/grpc/Echo", GrpcEcho.ServeAsync);
        site = await StartAsync(app);
        return site;
    }

    public async ValueTask DisposeAsync()
    {
        Go.TrySetResult();
        await _app.DisposeAsync();
    }

    private static async Task<WebSite> StartAsync(WebApplication app)
    {
        await app.StartAsync();
        return new WebSite(app);
    }

    private static string Describe(HttpContext context) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{context.Request.Headers["X-Forwarded-For"]} {context.Request.Headers["X-Forwarded-Proto"]} {context.Request.Headers["X-Forwarded-Host"]}"
        );

    private static async Task LengthAsync(HttpContext context)
    {
        var length = 0L;
        var buffer = new byte[64 * 1024];
        while (await context.Request.Body.ReadAsync(buffer) is > 0 and var count)
        {
            length += count;
        }

        await context.Response.WriteAsync(length.ToString(CultureInfo.InvariantCulture));
    }

    private async Task WaitAsync(HttpContext context)
    {
        Events.Enqueue("begun");
        await Task.WhenAny(Go.Task, Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, context.RequestAborted));
        if (context.RequestAborted.IsCancellationRequested)
        {
            Events.Enqueue("aborted");
            return;
        }

        await context.Response.WriteAsync("waited");
    }

    private async Task StreamAsync(HttpContext context)
    {
        context.Response.ContentType = "text/event-stream";
        await context.Response.WriteAsync("data: one\n\n");
        await context.Response.Body.FlushAsync();
        await Go.Task;
        await context.Response.WriteAsync("data: two\n\n");
    }

    private async Task CutAsync(HttpContext context)
    {
        context.Response.ContentLength = 1000;
        await context.Response.WriteAsync("begin");
        await context.Response.Body.FlushAsync();
        await Go.Task;
        context.Abort();
    }

    private static async Task BytesAsync(HttpContext context)
    {
        var left = int.Parse((string)context.Request.RouteValues["count"]!, CultureInfo.InvariantCulture);
        context.Response.ContentLength = left;
        var buffer = new byte[16 * 1024];
        while (left > 0)
        {
            var count = Math.Min(left, buffer.Length);
            await context.Response.Body.WriteAsync(buffer.AsMemory(0, count));
            left -= count;
        }
    }

    private static async Task EchoAsync(HttpContext context)
    {
        using var socket = await context.WebSockets.AcceptWebSocketAsync();
        var buffer = new byte[64 * 1024];
        while (true)
        {
            ValueWebSocketReceiveResult message;
            try
            {
                message = await socket.ReceiveAsync(buffer.AsMemory(), CancellationToken.None);
            }
            catch (WebSocketException)
            {
                return; // reset
            }

            if (message.MessageType == WebSocketMessageType.Close)
            {
                await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, CancellationToken.None);
                return;
            }

            await socket.SendAsync(buffer.AsMemory(0, message.Count), message.MessageType, message.EndOfMessage, CancellationToken.None);
        }
    }
}
