using Microsoft.AspNetCore.Http;
using Proxy.Configuration.Channels;
using Proxy.Tls;

namespace Proxy.Channels.Tunnel;

/// <summary>Answers the requests of peers, hello streams and tunnels, up to a limit of each per peer.</summary>
/// <param name="config">The limits.</param>
/// <param name="isSecure">Whether a certificate proves the requesting instance; otherwise the id that it names is trusted.</param>
/// <param name="service">Handles accepted requests.</param>
internal sealed class TunnelRequests(TunnelConfig config, bool isSecure, ITunnelService service) : IDisposable
{
    private const int MostHelloStreams = 16;

    private readonly KeyedLimit<string> _tunnels = new(config.MaxTunnelsPerPeer);
    private readonly KeyedLimit<string> _hellos = new(MostHelloStreams);
    private readonly CancellationTokenSource _draining = new();
    private readonly CancellationTokenSource _leaving = new();

    /// <summary>Whether peers are told that the port takes tunnels that have a connection of their own, too.</summary>
    public bool TakesConnections { get; init; }

    /// <summary>Cancelled when all new tunnels are refused.</summary>
    public CancellationToken Draining => _draining.Token;

    /// <summary>Refuses all new tunnels from now on.</summary>
    public Task DrainAsync() => _draining.CancelAsync();

    /// <summary>Writes on all hello streams that this instance leaves, and ends them.</summary>
    public Task LeaveAsync() => _leaving.CancelAsync();

    /// <summary>Answers a request.</summary>
    public async Task HandleAsync(HttpContext context)
    {
        var peer = context.Features.Get<TunnelPeer>()!;
        if (TakesConnections)
        {
            context.Response.Headers[TunnelProtocol.Carriage] = TunnelProtocol.ConnectionProtocol;
        }

        if (HttpMethods.IsGet(context.Request.Method) && context.Request.Path.Equals(TunnelProtocol.HelloPath, StringComparison.Ordinal))
        {
            await HelloAsync(context, peer);
            return;
        }

        if (!TunnelRequest.TryRead(context.Request, out var request))
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            return;
        }

        var from = peer.Identity?.Instance ?? (isSecure ? null : request.From);
        await using var tunnel = new ServerTunnelConnection(context, request, peer, from ?? "")
        {
            Answered = status => service.Answered(from ?? "", status),
        };
        if (from is null)
        {
            tunnel.Refuse(StatusCodes.Status401Unauthorized);
        }
        else
        {
            await ServeAsync(tunnel);
        }
    }

    /// <summary>Answers the request of a tunnel that has a connection of its own.</summary>
    /// <param name="connection">The connection.</param>
    /// <param name="frame">The request; null if it is malformed.</param>
    /// <param name="from">The id of the peer, from its certificate.</param>
    /// <returns>The tunnel, whose refusal is still to be sent.</returns>
    public async Task<ServedConnection> ServeAsync(TlsConnection connection, TunnelFrame? frame, string from)
    {
        var isRequest = TunnelRequest.TryRead(frame ?? new(), out var request);
        var tunnel = new ServedConnection(connection, request ?? TunnelRequest.None, from)
        {
            Answered = isRequest ? status => service.Answered(from, status) : null,
        };
        if (isRequest)
        {
            await ServeAsync(tunnel);
        }
        else
        {
            tunnel.Refuse(StatusCodes.Status404NotFound);
        }

        return tunnel;
    }

    /// <inheritdoc />
    public void Dispose()
    {
        _draining.Dispose();
        _leaving.Dispose();
    }

    private async Task HelloAsync(HttpContext context, TunnelPeer peer)
    {
        var from = isSecure ? peer.Name : context.Request.Headers[TunnelProtocol.From].ToString();
        if (!_hellos.TryEnter(from))
        {
            context.Response.StatusCode = StatusCodes.Status429TooManyRequests;
            return;
        }

        try
        {
            await service.HelloAsync(context, _leaving.Token);
        }
        finally
        {
            _hellos.Leave(from);
        }
    }

    private async Task ServeAsync(IServedTunnel tunnel)
    {
        var from = tunnel.From;
        if (tunnel.Request.From is { } said && said != from)
        {
            tunnel.Refuse(StatusCodes.Status403Forbidden);
            return;
        }

        if (_draining.IsCancellationRequested)
        {
            tunnel.Refuse(StatusCodes.Status503ServiceUnavailable, "draining");
            return;
        }

        if (!_tunnels.TryEnter(from))
        {
            tunnel.Refuse(StatusCodes.Status429TooManyRequests, "limit");
            return;
        }

        try
        {
            await service.ServeAsync(tunnel);
        }
        finally
        {
            _tunnels.Leave(from);
        }
    }
}
