using System.IO.Pipelines;
using System.Net;
using System.Net.Security;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Proxy.Connections;
using Proxy.Diagnostics;

namespace Proxy.Tls;

/// <summary>
/// A connection whose bytes are those within TLS, after its handshake. It owns the connection below, and disposes it. Whatever tells of the peer's
/// bytes without reading them reads within TLS and gives the bytes back, since the socket does not show them.
/// </summary>
internal sealed class TlsConnection : TcpConnection
{
    private const int MostAhead = 4096; // bytes in which the end of a peer is looked for that is not read
    private static readonly TimeSpan _endTime = TimeSpan.FromSeconds(2);

    private readonly TcpConnection _transport;
    private readonly SslStream _stream;
    private readonly TlsReader _reader;
    private readonly TlsWriter _writer;
    private IDuplexPipe? _pipes;
    private volatile bool _isAborted;

    /// <summary>Wraps a connection.</summary>
    /// <param name="transport">The connection below, of which nothing else reads.</param>
    /// <param name="stream">The stream, after its handshake.</param>
    /// <param name="cipher">The stream below that.</param>
    /// <param name="facts">What was agreed on.</param>
    /// <param name="ends">What an end without close_notify means.</param>
    public TlsConnection(TcpConnection transport, SslStream stream, CipherStream cipher, TlsFacts facts, TlsEnds ends)
    {
        (_transport, _stream, Facts) = (transport, stream, facts);
        _writer = new(stream, transport);
        _reader = new(stream, cipher, _writer.Guard, ends);
        (cipher.Turn, cipher.Guard, cipher.HasBeenAsked) = (new(transport), _writer.Guard, false);
        ConnectionId = transport.ConnectionId;
        ((ITrackedConnection)this).Record = ((ITrackedConnection)transport).Record;
        Features.Set<ITlsHandshakeFeature>(facts);
        Features.Set<ITlsApplicationProtocolFeature>(facts);
        Features.Set<ITlsConnectionFeature>(facts);
    }

    /// <summary>What the handshake agreed on.</summary>
    public TlsFacts Facts { get; }

    /// <summary>Whether the keep-alive of the transport stays as it is, whatever the routes of its bytes ask for.</summary>
    public bool KeepsKeepAlive { get; init; }

    public override EndPoint? LocalEndPoint
    {
        get => _transport.LocalEndPoint;
        set => _transport.LocalEndPoint = value;
    }

    public override EndPoint? RemoteEndPoint
    {
        get => _transport.RemoteEndPoint;
        set => _transport.RemoteEndPoint = value;
    }

    public override IDictionary<object, object?> Items
    {
        get => _transport.Items;
        set => _transport.Items = value;
    }

    public override CancellationToken ConnectionClosed
    {
        get => _transport.ConnectionClosed;
        set => _transport.ConnectionClosed = value;
    }

    public override IDuplexPipe Transport
    {
        get => _pipes ??= new TlsPipes(this, new TlsStream(this, _reader));
        set => _pipes = value;
    }

    public override bool HasPeerEnded => _reader.HasEnded || _transport.HasPeerEnded;

    public override bool HasEndedWithin => _reader.HasEndedWithin;

    public override BufferPool Buffers => _transport.Buffers;

    public override SendQueue SendQueue => _transport.SendQueue;

    protected override IFeatureCollection Inherited => _transport.Features;

    /// <inheritdoc />
    public override string ToString() => $"TLS on {_transport}";

    public override void Abort(ConnectionAbortedException abortReason)
    {
        _isAborted = true;
        _transport.Abort(abortReason);
    }

    public override void SetKeepAlive(KeepAlive keepAlive)
    {
        if (!KeepsKeepAlive)
        {
            _transport.SetKeepAlive(keepAlive);
        }
    }

    public override void Post(IThreadPoolWorkItem work) => _transport.Post(work);

    public override void PostLater(IThreadPoolWorkItem work) => _transport.PostLater(work);

    public override IRelayTimer? StartTimer(ITimedRelay relay) => _transport.StartTimer(relay);

    public override Stream? OpenStream() => _pipes is null ? new TlsStream(this, _reader) : null;

    public override void EndSending() => _ = _writer.EndAsync();

    public override Task EndSendingAsync() => _writer.EndAsync();

    public override IAsyncDisposable CancelOnReset(CancellationTokenSource source) => _transport.CancelOnReset(source);

    public override bool CanRelay(ConnectionContext upstream) => false;

    public override ValueTask<ConnectionOutcome> RelayAsync(ConnectionContext upstream, RelayOptions options, ConnectionRecord record) =>
        throw new NotSupportedException("Bytes within TLS are relayed by streams.");

    public override async Task<PeerDeparture?> WaitForInputAsync(CancellationToken cancellationToken)
    {
        try
        {
            return AheadCount > 0 || await ReadAheadAsync(cancellationToken) ? null : PeerDeparture.ClosedSilently;
        }
        catch (IOException)
        {
            return PeerDeparture.Reset;
        }
    }

    public override async Task<PeerDeparture?> WaitForDepartureAsync(bool ignoreClose, CancellationToken cancellationToken)
    {
        if (ignoreClose)
        {
            return await _transport.WaitForDepartureAsync(ignoreClose: true, cancellationToken);
        }

        try
        {
            while (AheadCount < MostAhead && await ReadAheadAsync(cancellationToken)) { }

            if (_reader.HasEnded)
            {
                return AheadCount == 0 ? PeerDeparture.ClosedSilently : PeerDeparture.Closed;
            }
        }
        catch (OperationCanceledException)
        {
            return null;
        }
        catch (IOException)
        {
            return PeerDeparture.Reset;
        }

        // There are too many bytes to look behind them, so only the socket tells.
        return await _transport.WaitForDepartureAsync(ignoreClose: false, cancellationToken) switch
        {
            PeerDeparture.ClosedSilently => PeerDeparture.Closed,
            var how => how,
        };
    }

    public override PeerDeparture? DepartedWithin(int missing) =>
        _reader.HasFailed || _transport.DepartedWithin(0) == PeerDeparture.Reset ? PeerDeparture.Reset
        : _reader.HasEnded && AheadCount > 0 && AheadCount < missing ? PeerDeparture.Closed
        : null;

    /// <summary>Sends bytes; completes when the kernel has them.</summary>
    /// <exception cref="IOException">The connection is reset or closed, or was ended by this side.</exception>
    public ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken) =>
        _writer.WriteAsync(bytes, cancellationToken);

    public override async ValueTask DisposeAsync()
    {
        if (!_isAborted)
        {
            // The peer must not take the end for a cut. Without close_notify in time, it is reset.
            var ending = _writer.EndAsync();
            if (!ending.IsCompleted)
            {
                await ending.WaitAsync(_endTime, TimeProvider.System).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                if (!ending.IsCompleted)
                {
                    _transport.Abort(new ConnectionAbortedException("The peer does not take the end of the connection."));
                }
            }
        }

        await _stream.DisposeAsync();
        await _transport.DisposeAsync();
        await base.DisposeAsync();
    }

    // Adds the next bytes to those that were given back; false at the end.
    private async ValueTask<bool> ReadAheadAsync(CancellationToken cancellationToken)
    {
        var ahead = TakeAhead() ?? new ReadAhead(Buffers);
        try
        {
            return await ahead.ReceiveAsync(new TlsStream(this, _reader), cancellationToken);
        }
        finally
        {
            Unread(ahead);
        }
    }
}
