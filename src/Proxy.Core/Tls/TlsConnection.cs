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
/// A connection whose bytes are those within TLS, after its handshake. It owns the connection below, and disposes it.
/// </summary>
internal sealed class TlsConnection : TcpConnection
{
    private readonly TcpConnection _transport;
    private readonly SslStream _stream;
    private readonly CipherStream _cipher;
    private readonly TlsEnds _ends;
    private IDuplexPipe? _pipes;
    private Task? _ending;

    /// <summary>Wraps a connection.</summary>
    /// <param name="transport">The connection below, of which nothing else reads.</param>
    /// <param name="stream">The stream, after its handshake.</param>
    /// <param name="cipher">The stream below that.</param>
    /// <param name="facts">What was agreed on.</param>
    /// <param name="ends">What an end without close_notify means.</param>
    public TlsConnection(TcpConnection transport, SslStream stream, CipherStream cipher, TlsFacts facts, TlsEnds ends)
    {
        (_transport, _stream, _cipher, _ends, Facts) = (transport, stream, cipher, ends, facts);
        ConnectionId = transport.ConnectionId;
        ((ITrackedConnection)this).Record = ((ITrackedConnection)transport).Record;
        Features.Set<ITlsHandshakeFeature>(facts);
        Features.Set<ITlsApplicationProtocolFeature>(facts);
        Features.Set<ITlsConnectionFeature>(facts);
    }

    /// <summary>What the handshake agreed on.</summary>
    public TlsFacts Facts { get; }

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

    public override CancellationToken ConnectionClosed
    {
        get => _transport.ConnectionClosed;
        set => _transport.ConnectionClosed = value;
    }

    public override IDuplexPipe Transport
    {
        get => _pipes ??= new TlsPipes(this, new TlsStream(_stream, _cipher, _ends));
        set => _pipes = value;
    }

    public override bool HasPeerEnded => _transport.HasPeerEnded;

    public override void Abort(ConnectionAbortedException abortReason) => _transport.Abort(abortReason);

    public override void SetKeepAlive(KeepAlive keepAlive) => _transport.SetKeepAlive(keepAlive);

    public override Task<PeerDeparture?> WaitForDepartureAsync(bool ignoreClose, CancellationToken cancellationToken) =>
        _transport.WaitForDepartureAsync(ignoreClose, cancellationToken);

    public override Task<PeerDeparture?> WaitForInputAsync(CancellationToken cancellationToken) =>
        _transport.WaitForInputAsync(cancellationToken);

    public override PeerDeparture? DepartedWithin(int missing) => _transport.DepartedWithin(missing);

    public override void Post(IThreadPoolWorkItem work) => _transport.Post(work);

    public override Stream? OpenStream() => _pipes is null ? new TlsStream(_stream, _cipher, _ends) : null;

    public override void EndSending() => _ = EndSendingAsync();

    /// <summary>Sends close_notify and FIN after the bytes sent so far; receiving goes on. Completes when the kernel has them, and never fails.</summary>
    public Task EndSendingAsync() => _ending ??= EndAsync();

    public override IAsyncDisposable CancelOnReset(CancellationTokenSource source) => _transport.CancelOnReset(source);

    public override bool CanRelay(ConnectionContext upstream) => false;

    public override ValueTask<ConnectionOutcome> RelayAsync(ConnectionContext upstream, RelayOptions options, ConnectionRecord record) =>
        throw new NotSupportedException("Bytes within TLS are relayed by streams.");

    public override async ValueTask DisposeAsync()
    {
        await _stream.DisposeAsync();
        await _transport.DisposeAsync();
        await base.DisposeAsync();
    }

    private async Task EndAsync()
    {
        try
        {
            await _stream.ShutdownAsync();
        }
        catch (Exception exception) when (exception is IOException or ObjectDisposedException or InvalidOperationException)
        {
            // The connection is lost, which its reader notices.
        }

        _transport.EndSending();
    }
}
