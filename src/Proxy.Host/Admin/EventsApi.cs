using System.Text.Json;
using Microsoft.AspNetCore.Connections.Features;
using Proxy.Configuration;

namespace Proxy.Host.Admin;

/// <summary>Server-sent events (WHATWG HTML, 9.2): a snapshot a second, for the dashboard and for whoever wants to watch.</summary>
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
            .WithSummary("Server-sent events, one \"status\" a second: an overview of bounded size. At most 64 readers.")
            .Produces<string>(StatusCodes.Status200OK, "text/event-stream")
            .ProducesProblems(StatusCodes.Status503ServiceUnavailable);
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
        if (!feed.TryJoin())
        {
            context.Response.Headers.RetryAfter = "5";
            await ApiJson.WriteErrorAsync(
                context,
                StatusCodes.Status503ServiceUnavailable,
                $"{EventFeed.MaxReaders} readers are connected, and no more may be."
            );
            return;
        }

        try
        {
            await WriteFramesAsync(context, feed);
        }
        finally
        {
            feed.Leave();
        }
    }

    private static async Task WriteFramesAsync(HttpContext context, EventFeed feed)
    {
        context.Response.ContentType = "text/event-stream";
        context.Response.Headers.CacheControl = "no-store";
        context.Response.Headers.XContentTypeOptions = "nosniff";
        // A host that stops does not wait for readers, who would stay for ever.
        var stopping = context.Features.Get<IConnectionLifetimeNotificationFeature>()?.ConnectionClosedRequested ?? CancellationToken.None;
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, stopping);
        try
        {
            await context.Response.Body.FlushAsync(ending.Token); // who asks knows at once that it is heard
            while (await TryWriteAsync(context, await NextAsync(context, feed, ending.Token), ending.Token))
            {
                // Until somebody ends it.
            }
        }
        catch (OperationCanceledException) when (ending.IsCancellationRequested)
        {
            // The reader has gone, or the host stops.
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

    private static async Task<bool> TryWriteAsync(HttpContext context, ReadOnlyMemory<byte> frame, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(_writeDeadline, Time(context));
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            await context.Response.Body.WriteAsync(frame, either.Token);
            await context.Response.Body.FlushAsync(either.Token);
            return true;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            context.Abort();
            return false;
        }
    }

    private static TimeProvider Time(HttpContext context) => context.RequestServices.GetRequiredService<TimeProvider>();
}
