using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Proxy.Diagnostics;
using Proxy.Native;

namespace Proxy.Connections.Sockets;

/// <summary>A connection on a <see cref="Socket"/>. Its pipes are created on first use.</summary>
internal sealed class SocketConnection : TcpConnection, IConnectionSocketFeature
{
    private static readonly TimeSpan _statePoll = TimeSpan.FromMilliseconds(250);

    private static readonly LingerOption _reset = new(enable: true, seconds: 0);
    private static readonly LingerOption _orderly = new(enable: false, seconds: 0);

    private readonly SocketDependencies _services;
    private volatile bool _isAborted;
    private volatile bool _hasEndedSending;
    private IDuplexPipe? _wrapper;

    public SocketConnection(Socket socket, SocketDependencies services)
    {
        Socket = socket;
        _services = services;
        if (socket.AddressFamily != AddressFamily.Unix)
        {
            socket.NoDelay = true;
            socket.LingerState = _reset; // so that a crash or a kill resets the connection
        }

        LocalEndPoint = Unmap(socket.LocalEndPoint);
        RemoteEndPoint = Unmap(socket.RemoteEndPoint);
    }

    public Socket Socket { get; }

    /// <summary>The pipes, if they were used: they may hold bytes that were read and not consumed.</summary>
    public SocketPipe? TouchedPipe { get; private set; }

    public override IDuplexPipe Transport
    {
        get => _wrapper ?? (TouchedPipe ??= new SocketPipe(this));
        set => _wrapper = value;
    }

    public override EndPoint? LocalEndPoint { get; set; }

    public override EndPoint? RemoteEndPoint { get; set; }

    public override void Abort(ConnectionAbortedException abortReason)
    {
        _isAborted = true;
        SocketReset.Close(Socket);
        OnClosed();
    }

    public override async ValueTask DisposeAsync()
    {
        if (TouchedPipe is not null)
        {
            await TouchedPipe.CompleteAsync();
        }

        CloseOrderly();
        OnClosed();
        await base.DisposeAsync();
    }

    public override void SetKeepAlive(KeepAlive keepAlive)
    {
        if (Socket.AddressFamily == AddressFamily.Unix)
        {
            return;
        }

        try
        {
            Socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
            Socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, keepAlive.IdleSeconds);
            Socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, keepAlive.IntervalSeconds);
            Socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, keepAlive.Probes);
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            // The peer has gone already, which the relay will notice.
        }
    }

    public override BufferPool Buffers => _services.Buffers;

    public override SendQueue SendQueue => new(TcpInfo.IsSendQueueEmpty(Socket), TcpInfo.Delivered(Socket));

    public override Stream? OpenStream() => _wrapper is null && TouchedPipe is null ? new SocketStream(this) : null;

    /// <summary>
    /// Whether an end that was read is in truth a reset, whose error a write has taken: the kernel reports it only once. Once this side has ended too, its
    /// state does not tell; but then nothing is sent that could have taken the error.
    /// </summary>
    public bool IsEndAReset => TcpInfo.IsClosed(Socket) && !_hasEndedSending; // in this order, since the other direction may end it just now

    public override void EndSending()
    {
        _hasEndedSending = true;
        try
        {
            Socket.Shutdown(SocketShutdown.Send);
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            // It has ended already.
        }
    }

    public override async Task<PeerDeparture?> WaitForDepartureAsync(bool ignoreClose, CancellationToken cancellationToken)
    {
        try
        {
            await WaitReadableAsync(cancellationToken);
            var silent = Socket.Available + AheadCount == 0;
            if (silent && !ignoreClose)
            {
                return TcpInfo.IsClosed(Socket) ? PeerDeparture.Reset : PeerDeparture.ClosedSilently;
            }

            return await PollAsync(ignoreClose, cancellationToken);
        }
        catch (OperationCanceledException)
        {
            return null;
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            return PeerDeparture.Reset;
        }
    }

    public override async Task<PeerDeparture?> WaitForInputAsync(CancellationToken cancellationToken)
    {
        if (AheadCount > 0)
        {
            return null;
        }

        try
        {
            await WaitReadableAsync(cancellationToken);
            return Socket.Available > 0 ? null
                : TcpInfo.IsClosed(Socket) ? PeerDeparture.Reset
                : PeerDeparture.ClosedSilently;
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            return PeerDeparture.Reset;
        }
    }

    public override bool HasPeerEnded
    {
        get
        {
            try
            {
                return TcpInfo.IsClosed(Socket) || TcpInfo.HasPeerFinished(Socket);
            }
            catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
            {
                return true;
            }
        }
    }

    public override PeerDeparture? DepartedWithin(int missing)
    {
        try
        {
            return TcpInfo.IsClosed(Socket) ? PeerDeparture.Reset
                : TcpInfo.HasPeerFinished(Socket) && Socket.Available + AheadCount is > 0 and var unread && unread < missing
                    ? PeerDeparture.Closed
                : null;
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            return PeerDeparture.Reset;
        }
    }

    /// <summary>Whether a read would return at once: with bytes, the end, or an error.</summary>
    public bool IsReadable
    {
        get
        {
            try
            {
                return Socket.Available > 0 || Socket.Poll(0, SelectMode.SelectRead);
            }
            catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
            {
                return true; // which the next read tells
            }
        }
    }

    // A zero-byte read, so that a silent connection holds no buffer. The framework completes it with the next event of the socket, and an event of bytes
    // that were read meanwhile may be handled only now.
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask WaitReadableAsync(CancellationToken cancellationToken)
    {
        do
        {
            await Socket.ReceiveAsync(Memory<byte>.Empty, cancellationToken);
        } while (!IsReadable);
    }

    // There are unread bytes, or a FIN that does not count. A read would return immediately from now on, so the kernel's state is polled,
    // which is not known of a socket that this side has closed.
    private async Task<PeerDeparture> PollAsync(bool ignoreClose, CancellationToken cancellationToken)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, ConnectionClosed);
        while (!ConnectionClosed.IsCancellationRequested && !TcpInfo.IsClosed(Socket))
        {
            if (!ignoreClose && TcpInfo.HasPeerFinished(Socket))
            {
                return PeerDeparture.Closed;
            }

            await Task.Delay(_statePoll, _services.Time, ended.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            cancellationToken.ThrowIfCancellationRequested();
        }

        return PeerDeparture.Reset;
    }

    public override IAsyncDisposable CancelOnReset(CancellationTokenSource source) => new ResetWatch(this, source);

    public override bool CanRelay(ConnectionContext upstream) =>
        _wrapper is null && upstream is SocketConnection other && other._wrapper is null;

    public override ValueTask<ConnectionOutcome> RelayAsync(ConnectionContext upstream, RelayOptions options, ConnectionRecord record) =>
        new(new SocketRelay(this, (SocketConnection)upstream, options, record, _services).RunAsync());

    private void CloseOrderly()
    {
        try
        {
            if (!_isAborted && Socket.AddressFamily != AddressFamily.Unix)
            {
                Socket.LingerState = _orderly; // otherwise the kernel would discard bytes that are not sent yet
            }
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            // It has ended already.
        }

        Socket.Dispose();
    }

    private static EndPoint? Unmap(EndPoint? endPoint) =>
        endPoint is IPEndPoint { Address.IsIPv4MappedToIPv6: true } ip ? new IPEndPoint(ip.Address.MapToIPv4(), ip.Port) : endPoint;
}
