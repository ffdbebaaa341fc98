using System.Text.Json;
using Microsoft.AspNetCore.Connections.Features;
using Proxy.Configuration.Host;
using Proxy.Host.Contracts;

namespace Proxy.Host.Admin;

/// <summary>Server-sent events (WHATWG HTML, 9.2): a snapshot a second, for the dashboard and for other programs that watch.</summary>
internal static class EventsApi
{
    // Something in between, or the client, may take silence for the end.
    private static readonly TimeSpan _silence = TimeSpan.FromSeconds(10);

    // For readers that never read: what the sockets' buffers hold is filled, and nothing goes on.
    private static readonly TimeSpan _writeDeadline = TimeSpan.FromSeconds(10);

    private static readonly byte[] _heartbeat = ":\n\n"u8.ToArray();

    public static void Map(IEndpointRouteBuilder api, AdminConfig admin)
    {
        var feed = Create(api.ServiceProvider, admin);
        api.MapGet("/events", (Delegate)((HttpContext context) => WriteAsync(context, feed)))
            .WithSummary("Server-sent events, one \"status\" a second: an overview of bounded size. The 65th reader ends the first.")
            .Produces<string>(StatusCodes.Status200OK, "text/event-stream");
    }

    private static EventFeed Create(IServiceProvider services, AdminConfig admin)
    {
        var reader = ActivatorUtilities.CreateInstance<SnapshotReader>(services, admin);
        return new(
            () => Frame(reader.Read()),
            services.GetRequiredService<TimeProvider>(),
            services.GetRequiredService<ILogger<EventFeed>>()
        );
    }

    // JSON of one line, so that it is one field.
    private static ReadOnlyMemory<byte> Frame(Snapshot snapshot) =>
        (byte[])[.. "event: status\ndata: "u8, .. JsonSerializer.SerializeToUtf8Bytes(snapshot, ApiJson.Options), .. "\n\n"u8];

    internal static async Task WriteAsync(HttpContext context, EventFeed feed)
    {
        // A host that stops does not wait for readers, which would stay for ever.
        var stopping = context.Features.Get<IConnectionLifetimeNotificationFeature>()?.ConnectionClosedRequested ?? CancellationToken.None;
        using var over = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, stopping);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(over.Token);
        var place = feed.Join(ending);
        try
        {
            await WriteFramesAsync(context, feed, over.Token, ending.Token);
        }
        catch (OperationCanceledException) when (ending.IsCancellationRequested)
        {
            // The reader has gone, others need its place, or the host stops.
        }
        finally
        {
            feed.Leave(place);
        }
    }

    private static async Task WriteFramesAsync(HttpContext context, EventFeed feed, CancellationToken over, CancellationToken ending)
    {
        context.Response.ContentType = "text/event-stream";
        context.Response.Headers.CacheControl = "no-store";
        context.Response.Headers.XContentTypeOptions = "nosniff";
        await context.Response.Body.FlushAsync(ending); // the client knows at once that it is heard
        while (await TryWriteAsync(context, await NextAsync(context, feed, ending), over, ending))
        {
            // Until the client, the host or a lost place ends it.
        }
    }

    private static async Task<ReadOnlyMemory<byte>> NextAsync(HttpContext context, EventFeed feed, CancellationToken cancellationToken)
    {
        try
        {
            return await feed.NextAsync().WaitAsync(_silence, Time(context), cancellationToken);
        }
        catch (TimeoutException)
        {
            return _heartbeat;
        }
    }

    // A reader that loses its place while it does not read is cut: the end would wait for it as the frame does.
    private static async Task<bool> TryWriteAsync(
        HttpContext context,
        ReadOnlyMemory<byte> frame,
        CancellationToken over,
        CancellationToken ending
    )
    {
        using var limit = new CancellationTokenSource(_writeDeadline, Time(context));
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, ending);
        try
        {
            await context.Response.Body.WriteAsync(frame, either.Token);
            await context.Response.Body.FlushAsync(either.Token);
            return true;
        }
        catch (OperationCanceledException) when (!over.IsCancellationRequested)
        {
            context.Abort();
            return false;
        }
    }

    private static TimeProvider Time(HttpContext context) => context.RequestServices.GetRequiredService<TimeProvider>();
}
