using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;

namespace Proxy.Connections.Sockets;

/// <summary>A listening socket. Errors of accept are thrown to the caller, which decides about the pause.</summary>
internal sealed class SocketConnectionListener : IConnectionListener, ITunableListener
{
    private readonly Socket _socket;
    private readonly SocketDependencies _services;
    private readonly LastAccepts _last;
    private readonly CancellationTokenSource _unbound = new();

    public SocketConnectionListener(BoundSocket bound, SocketDependencies services)
    {
        _socket = bound.Socket;
        _services = services;
        _last = new LastAccepts(bound.Outlives);
        if (bound.Outlives)
        {
            SocketOptions.AcceptWithoutReset(_socket);
        }

        EndPoint = _socket.LocalEndPoint!;
    }

    public EndPoint EndPoint { get; }

    public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default)
    {
        if (_unbound.IsCancellationRequested)
        {
            return AcceptQueued();
        }

        Resources.OfProcess.BeforeAccept();
        try
        {
            using var registration = cancellationToken.UnsafeRegister(static state => ((CancellationTokenSource)state!).Cancel(), _unbound);
            return Wrap(await _socket.AcceptAsync(_unbound.Token));
        }
        catch (OperationCanceledException)
        {
            return AcceptQueued();
        }
        catch (ObjectDisposedException)
        {
            return null;
        }
    }

    public ValueTask UnbindAsync(CancellationToken cancellationToken = default)
    {
        _last.Begin();
        return new ValueTask(_unbound.CancelAsync());
    }

    public async ValueTask DisposeAsync()
    {
        await _unbound.CancelAsync();
        _socket.Dispose();
        _unbound.Dispose();
    }

    public void SetBacklog(int backlog) => _socket.Listen(backlog);

    public void SharePort(bool shared) => SocketOptions.SetReusePort(_socket, shared);

    public int AcceptInline() => 0;

    public void SetInOrder(bool inOrder)
    {
        // Accepting one at a time keeps the order already.
    }

    public void HandOver() => SocketOptions.IgnoreNewHandshakes(_socket);

    /// <summary>Accepts a connection that the kernel had queued before unbinding; null if there is none.</summary>
    private SocketConnection? AcceptQueued()
    {
        try
        {
            return _last.MayAccept && _socket.Poll(0, SelectMode.SelectRead) ? Wrap(_socket.Accept()) : null;
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            return null;
        }
    }

    private SocketConnection Wrap(Socket accepted)
    {
        try
        {
            return new SocketConnection(accepted, _services);
        }
        catch
        {
            accepted.Dispose();
            throw;
        }
    }
}
