using System.Globalization;
using System.Text;
using Proxy.Channels;
using Proxy.Channels.Monitoring;

namespace Proxy.Host.Admin;

/// <summary>The channels: their states, the members, the open tunnels, and a stream of every change.</summary>
internal static class ChannelApi
{
    // Something in between, or the client, may take silence for the end.
    private static readonly TimeSpan _silence = TimeSpan.FromSeconds(15);

    public static void Map(IEndpointRouteBuilder endpoints)
    {
        endpoints.MapGet("/api/channels", static context => ApiJson.WriteAsync(context, States(context)));
        endpoints.MapGet("/api/channels/{channel}", WriteOneAsync);
        endpoints.MapGet("/api/channel-events", WriteEventsAsync);
        endpoints.MapGet(
            "/api/members",
            static context => ApiJson.WriteAsync(context, new { Stale = Channels(context).IsStale, Members = Channels(context).Members() })
        );
        endpoints.MapGet("/api/tunnels", static context => ApiJson.WriteAsync(context, Channels(context).Tunnels()));
    }

    private static IEnumerable<ChannelState> States(HttpContext context) =>
        Channels(context).Monitor.Current.Values.OrderBy(static state => state.Channel, StringComparer.Ordinal);

    private static Task WriteOneAsync(HttpContext context)
    {
        var name = (string)context.Request.RouteValues["channel"]!;
        return Channels(context).Monitor.Current.TryGetValue(name, out var state)
            ? ApiJson.WriteAsync(context, state)
            : ApiJson.WriteErrorAsync(context, StatusCodes.Status404NotFound, $"No channel '{name}'.");
    }

    // Server-sent events (WHATWG HTML, 9.2). Each tells a whole state, so that nothing is lost by those a slow reader misses.
    private static async Task WriteEventsAsync(HttpContext context)
    {
        var cancellation = context.RequestAborted;
        context.Response.ContentType = "text/event-stream";
        context.Response.Headers.CacheControl = "no-store";
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
            // The reader has gone.
        }
        finally
        {
            await ((Task)next).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing); // a stream is not left while it is read
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

    // Versions of an earlier start say nothing now: all is told anew.
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
