using System.IO.Pipelines;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Proxy.Channels.Tunnel;

/// <summary>A tunnel that a peer opened. Bytes that it sends before the answer stay in its HTTP/2 window.</summary>
internal sealed class ServerTunnelConnection : TunnelConnection, IServedTunnel
{
    private readonly HttpContext _context;
    private readonly TunnelPeer _peer;
    private readonly CancellationTokenRegistration _aborted;
    private readonly Lock _gate = new(); // guards _isReset and _isOver: Kestrel reuses context and stream after the request
    private volatile bool _ended;
    private bool _isReset;
    private bool _isOver;

    public ServerTunnelConnection(HttpContext context, TunnelRequest request, TunnelPeer peer, string from)
    {
        _context = context;
        _peer = peer;
        Request = request;
        From = from;
        ConnectionClosed = context.RequestAborted;
        _aborted = context.RequestAborted.UnsafeRegister(static self => ((ServerTunnelConnection)self!).Gone(), this);
    }

    /// <inheritdoc />
    public TunnelRequest Request { get; }

    /// <inheritdoc />
    public string From { get; }

    ConnectionContext IServedTunnel.Bytes => this;

    /// <summary>Called with the status of the answer.</summary>
    public Action<int>? Answered { get; init; }

    protected override PipeReader Reader => _context.Request.BodyReader;

    protected override PipeWriter Writer => _context.Response.BodyWriter;

    /// <inheritdoc />
    public async Task AcceptAsync()
    {
        _context.Response.StatusCode = StatusCodes.Status200OK;
        await _context.Response.StartAsync();
        await _context.Response.BodyWriter.FlushAsync(); // starting the response alone sends nothing
        ThrowIfGone();
        Answered?.Invoke(TunnelProtocol.Accepted);
    }

    /// <inheritdoc />
    public void Refuse(int status, string? reason = null)
    {
        if (_context.Response.HasStarted)
        {
            return;
        }

        Answered?.Invoke(status);
        _context.Response.StatusCode = status;
        if (reason is not null)
        {
            _context.Response.Headers[TunnelProtocol.Explanation] = $"channels; error={reason}";
        }
    }

    public override Task EndOutputAsync()
    {
        _ended = true;
        return _context.Response.CompleteAsync();
    }

    // Kestrel wraps the failure of the connection in that of a stream which ended with it.
    public override bool IsLost(Exception failure) => failure.InnerException is not null || _peer.IsLost;

    protected override Task<bool> IsConnectionLostAsync() => Task.FromResult(_peer.IsLost);

    public override void Abort(ConnectionAbortedException abortReason)
    {
        Gone();
        lock (_gate)
        {
            if (_isOver || _isReset)
            {
                return;
            }

            _isReset = true;
            if (!_context.RequestAborted.IsCancellationRequested)
            {
                _context.Features.Get<IHttpResetFeature>()?.Reset(TunnelProtocol.ConnectError);
            }
        }
    }

    /// <summary>
    /// Resets what is left of the tunnel when its handler has returned, so that an end which was not sent does not look like one.
    /// </summary>
    public override async ValueTask DisposeAsync()
    {
        if (_context.Response.HasStarted && !_ended)
        {
            Abort(new ConnectionAbortedException());
        }

        lock (_gate)
        {
            _isOver = true;
        }

        await _aborted.DisposeAsync();
        await base.DisposeAsync();
    }
}
