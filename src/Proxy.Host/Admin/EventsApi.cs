using System.Text.Json;
using Microsoft.AspNetCore.Connections.Features;
using Proxy.Configuration.Host;
using Proxy.Host.Contracts;

namespace Proxy.Host.Admin;

/// <summary>Server-sent events (WHATWG HTML, 9.2) with one snapshot per second, for the dashboard and other monitoring programs.</summary>
internal static class EventsApi
{
    // A heartbeat is sent after this time: intermediaries and clients may close a stream on which nothing is sent.
    private static readonly TimeSpan _silence = TimeSpan.FromSeconds(10);

    // Ends the stream of a client that does not read: once the socket's buffers are full, writes to it do not complete.
    private static readonly TimeSpan _writeDeadline = TimeSpan.FromSeconds(10);

    private static readonly byte[] _heartbeat = ":\n\n"u8.ToArray();

    public static void Map(IEndpointRouteBuilder api, AdminConfig admin)
    {
        var feed = Create(api.ServiceProvider, admin);
        api.MapGet("/events", (Delegate)((HttpContext context) => WriteAsync(context, feed)))
            .WithSummary(
                "Server-sent events: one event \"status\" per second with an overview of bounded size. A 65th reader replaces the oldest."
            )
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

    // The JSON has no line breaks, so that it is one data field.
    private static ReadOnlyMemory<byte> Frame(Snapshot snapshot) =>
        (byte[])[.. "event: status\ndata: "u8, .. JsonSerializer.SerializeToUtf8Bytes(snapshot, ApiJson.Options), .. "\n\n"u8];

    internal static async Task WriteAsync(HttpContext context, EventFeed feed)
    {
        // The stream ends when the host stops, which would otherwise wait for it.
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
            // The client closed the connection, a new reader replaced this one, or the host stops.
        }
        finally
        {
            feed.Leave(place);
        }
    }

    private static async Task WriteFramesAsync(HttpContext context, EventFeed feed, CancellationToken over, CancellationToken ending)
    {
        context.Response.ContentType = "text/event-stream";
        await context.Response.Body.FlushAsync(ending); // sends the headers before the first frame
        while (await TryWriteAsync(context, await NextAsync(context, feed, ending), over, ending))
        {
            // Until the stream ends.
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

    // A client that does not read is disconnected: an orderly end of the response would wait for it just as the frame does. One that is replaced
    // while a frame is on its way has as long as any to read it, and its response ends in order then.
    private static async Task<bool> TryWriteAsync(
        HttpContext context,
        ReadOnlyMemory<byte> frame,
        CancellationToken over,
        CancellationToken ending
    )
    {
        using var limit = new CancellationTokenSource(_writeDeadline, Time(context));
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, over);
        try
        {
            await context.Response.Body.WriteAsync(frame, either.Token);
            await context.Response.Body.FlushAsync(either.Token);
            return !ending.IsCancellationRequested;
        }
        catch (OperationCanceledException) when (!over.IsCancellationRequested)
        {
            context.Abort();
            return false;
        }
    }

    private static TimeProvider Time(HttpContext context) => context.RequestServices.GetRequiredService<TimeProvider>();
}
