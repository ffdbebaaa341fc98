using System.IO.Pipelines;
using System.Net;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;

namespace Proxy.Host.Tests.EndToEnd.Handover;

/// <summary>A connection whose TLS was terminated before, with the features that tell so.</summary>
internal sealed class TerminatedConnection
    : DefaultConnectionContext,
        ITlsConnectionFeature,
        ITlsHandshakeFeature,
        ITlsApplicationProtocolFeature,
        IDuplexPipe
{
    private readonly SslStream _tls;

    public TerminatedConnection(SslStream tls, EndPoint? remote, EndPoint? local)
    {
        _tls = tls;
        (RemoteEndPoint, LocalEndPoint) = (remote, local);
        ConnectionId = "terminated";
        Input = PipeReader.Create(tls, new(leaveOpen: true, useZeroByteReads: true));
        Output = PipeWriter.Create(tls, new(leaveOpen: true));
        Transport = this;
        Features.Set<ITlsConnectionFeature>(this);
        Features.Set<ITlsHandshakeFeature>(this);
        Features.Set<ITlsApplicationProtocolFeature>(this);
    }

    public PipeReader Input { get; }

    public PipeWriter Output { get; }

    public X509Certificate2? ClientCertificate
    {
        get => _tls.RemoteCertificate as X509Certificate2;
        set => throw new NotSupportedException();
    }

    public ReadOnlyMemory<byte> ApplicationProtocol => _tls.NegotiatedApplicationProtocol.Protocol;

    public SslProtocols Protocol => _tls.SslProtocol;

#pragma warning disable SYSLIB0058 // the interface has them
    public CipherAlgorithmType CipherAlgorithm => _tls.CipherAlgorithm;

    public int CipherStrength => _tls.CipherStrength;

    public HashAlgorithmType HashAlgorithm => _tls.HashAlgorithm;

    public int HashStrength => _tls.HashStrength;

    public ExchangeAlgorithmType KeyExchangeAlgorithm => _tls.KeyExchangeAlgorithm;

    public int KeyExchangeStrength => _tls.KeyExchangeStrength;
#pragma warning restore SYSLIB0058

    public Task<X509Certificate2?> GetClientCertificateAsync(CancellationToken cancellationToken) => Task.FromResult(ClientCertificate);

    public override void Abort(ConnectionAbortedException abortReason) => _tls.Dispose();
}
