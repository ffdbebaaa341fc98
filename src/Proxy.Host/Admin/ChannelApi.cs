using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.Http.HttpResults;
using Proxy.Channels;
using Proxy.Channels.Monitoring;
using Proxy.Host.Contracts;

namespace Proxy.Host.Admin;

/// <summary>The channels: their states, the open tunnels, and a stream of all changes.</summary>
internal static class ChannelApi
{
    // The interval of heartbeats: intermediaries and clients may close a stream on which nothing is sent.
    private static readonly TimeSpan _silence = TimeSpan.FromSeconds(15);

    public static void Map(IEndpointRouteBuilder api)
    {
        api.MapGet("/channels", List).WithSummary("The channels and their members.");
        api.MapGet("/channels/{channel}", One).WithSummary("One channel.");
        api.MapGet("/channel-events", (Delegate)WriteEventsAsync)
            .WithSummary("Every change of a channel, as server-sent events; supports Last-Event-ID.")
            .Produces<string>(StatusCodes.Status200OK, "text/event-stream");
        api.MapGet("/tunnels", static (ChannelRegistry channels) => channels.Tunnels())
            .WithSummary("The connections that use a tunnel, the oldest first.");
    }

    private static IEnumerable<ChannelState> List(ChannelRegistry channels) =>
        channels.Monitor.Current.Values.OrderBy(static state => state.Channel, StringComparer.Ordinal);

    private static Results<Ok<ChannelState>, NotFound<ApiError>> One(string channel, ChannelRegistry channels) =>
        channels.Monitor.Current.TryGetValue(channel, out var state)
            ? TypedResults.Ok(state)
            : TypedResults.NotFound(new ApiError($"There is no channel '{channel}'."));

    // Server-sent events (WHATWG HTML, 9.2). Each event has the whole state of a channel, so that a slow reader may skip events.
    private static async Task WriteEventsAsync(HttpContext context)
    {
        var cancellation = context.RequestAborted;
        context.Response.ContentType = "text/event-stream";
        await context.Response.Body.FlushAsync(cancellation);
        var notices = Channels(context).Monitor.WatchNoticesAsync(After(context), cancellation).GetAsyncEnumerator(cancellation);
        var next = notices.MoveNextAsync().AsTask();
        try
        {
            while (await HasNextAsync(context, next))
            {
                await WriteAsync(context, notices.Current, cancellation);
                next = notices.MoveNextAsync().AsTask();
            }
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            // The client closed the connection.
        }
        finally
        {
            await ((Task)next).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing); // an enumerator must not be disposed during MoveNextAsync
            await notices.DisposeAsync();
        }
    }

    private static async Task<bool> HasNextAsync(HttpContext context, Task<bool> next)
    {
        var time = context.RequestServices.GetRequiredService<TimeProvider>();
        while (await Task.WhenAny(next, Task.Delay(_silence, time, context.RequestAborted)) != next)
        {
            context.RequestAborted.ThrowIfCancellationRequested();
            await context.Response.Body.WriteAsync(":\n\n"u8.ToArray(), context.RequestAborted);
            await context.Response.Body.FlushAsync(context.RequestAborted);
        }

        return await next;
    }

    private static async Task WriteAsync(HttpContext context, ChannelNotice notice, CancellationToken cancellationToken)
    {
        var text = $"id: {notice.Key}\nevent: {notice.EventName}\ndata: {Encoding.UTF8.GetString(notice.ToJson())}\n\n";
        await context.Response.Body.WriteAsync(Encoding.UTF8.GetBytes(text), cancellationToken);
        await context.Response.Body.FlushAsync(cancellationToken);
    }

    // A version from before a restart has no meaning now, so the stream then starts with the current state of every channel.
    private static long After(HttpContext context)
    {
        var parts = context.Request.Headers["Last-Event-ID"].ToString().Split('-');
        var boot = Channels(context).Monitor.Current.Values.FirstOrDefault()?.Boot;
        return
            parts is [var first, var last]
            && first == boot
            && long.TryParse(last, NumberStyles.None, CultureInfo.InvariantCulture, out var version)
            ? version
            : 0;
    }

    private static ChannelRegistry Channels(HttpContext context) => context.RequestServices.GetRequiredService<ChannelRegistry>();
}
