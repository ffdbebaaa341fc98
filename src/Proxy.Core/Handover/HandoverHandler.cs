using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http.Features;
using Proxy.Connections;
using Proxy.Diagnostics;

namespace Proxy.Handover;

/// <summary>The end of a pipeline: passes the connection to Kestrel, and waits until Kestrel is done with it.</summary>
/// <param name="options">The route's options for its connections.</param>
/// <param name="services">The services that all handlers share.</param>
internal sealed class HandoverHandler(HandoverOptions options, HandoverDependencies services) : ConnectionHandler
{
    /// <inheritdoc />
    public override async Task OnConnectedAsync(ConnectionContext connection)
    {
        var record = ConnectionRecord.Of(connection);
        (connection as TcpConnection)?.SetKeepAlive(options.KeepAlive);
        var handed = new HandedConnection(connection, options, services);
        services.Resources.CountHttp(1); // it dials with its first request, as one of Kestrel's own endpoints does
        try
        {
            handed.Start();
            handed.Deadlines.Start();
            record.OnDrain(handed.Deadlines.Drain);
            if (await ChooseAsync(handed) is { } queue)
            {
                await PassAsync(handed, queue, record);
            }
        }
        finally
        {
            record.OnDrain(null); // the record may outlive this
            await handed.DisposeAsync();
            services.Resources.CountHttp(-1);
        }
    }

    private async ValueTask<HandoverQueue?> ChooseAsync(HandedConnection connection) =>
        connection.Features.Get<ITlsConnectionFeature>() is not null
            ? services.Handover.ByAlpn
            : await connection.SpeaksHttp2Async() switch
            {
                true => services.Handover.Http2,
                false => services.Handover.ByAlpn,
                null => null,
            };

    private static async Task PassAsync(HandedConnection connection, HandoverQueue queue, ConnectionRecord record)
    {
        if (queue.TryAdd(connection))
        {
            record.Span?.Relaying(null, null);
            await connection.Ended;
        }
        else
        {
            record.Close(queue.IsClosed ? ConnectionOutcome.Drained : ConnectionOutcome.QueueFull);
        }
    }
}
