using System.IO.Pipelines;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Proxy.Channels.Tunnel;

/// <summary>A tunnel that a peer opened. What it sends before the answer stays in its window.</summary>
internal sealed class ServerTunnelConnection : TunnelConnection
{
    private readonly HttpContext _context;
    private readonly TunnelPeer _peer;
    private readonly CancellationTokenRegistration _aborted;
    private readonly Lock _gate = new(); // guards _isReset and _isOver: after the request, its context and its stream serve another
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

    /// <summary>What was asked for.</summary>
    public TunnelRequest Request { get; }

    /// <summary>The instance that asks, as its certificate says.</summary>
    public string From { get; }

    /// <summary>Called with the status of the answer.</summary>
    public Action<int>? Answered { get; init; }

    protected override PipeReader Reader => _context.Request.BodyReader;

    protected override PipeWriter Writer => _context.Response.BodyWriter;

    /// <summary>Answers that bytes flow from now on.</summary>
    public async Task AcceptAsync()
    {
        _context.Response.StatusCode = StatusCodes.Status200OK;
        await _context.Response.StartAsync();
        await _context.Response.BodyWriter.FlushAsync(); // starting alone sends nothing
        ThrowIfGone();
        Answered?.Invoke(TunnelProtocol.Accepted);
    }

    /// <summary>Answers why not.</summary>
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

    // Kestrel says of a stream that went with its connection what happened to that.
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

    /// <summary>Ends what is left of it when its handler has returned: an end that was not sent must not look like one.</summary>
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
