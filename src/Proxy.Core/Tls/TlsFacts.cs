using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Proxy.Diagnostics;

namespace Proxy.Tls;

/// <summary>What a TLS handshake agreed on: features of the connection, and facts for routes, logs and headers.</summary>
internal sealed class TlsFacts : ITlsHandshakeFeature, ITlsApplicationProtocolFeature, ITlsConnectionFeature
{
    private X509Certificate2? _replacement;
    private bool _isReplaced;

    /// <summary>The version.</summary>
    public required SslProtocols Protocol { get; init; }

    /// <summary>The cipher suite.</summary>
    public TlsCipherSuite? NegotiatedCipherSuite { get; init; }

    /// <summary>The name that the client asked for, or that was asked for at the destination; empty without one.</summary>
    public string HostName { get; init; } = "";

    /// <summary>The application protocol that was agreed on; empty without one.</summary>
    public ReadOnlyMemory<byte> ApplicationProtocol { get; init; }

    /// <summary>Whether an earlier session was resumed; null if the platform does not tell.</summary>
    public bool? IsResumed { get; init; }

    /// <summary>The verified certificate of the peer; null without one.</summary>
    public X509Certificate2? PeerCertificate { get; init; }

    /// <summary>What was agreed on, without the names of the peer.</summary>
    public TlsSession ToSession() =>
        new(
            TlsVersions.NameOf(Protocol),
            $"{NegotiatedCipherSuite}",
            IsResumed,
            HostName.Length == 0 ? null : HostName,
            ApplicationProtocol.IsEmpty ? null : Encoding.Latin1.GetString(ApplicationProtocol.Span),
            PeerCertificate?.Subject,
            []
        );

    // An application may set it, such as by ASP.NET's certificate forwarding. What routes, logs and headers know stays that of the handshake.
    X509Certificate2? ITlsConnectionFeature.ClientCertificate
    {
        get => _isReplaced ? _replacement : PeerCertificate;
        set => (_replacement, _isReplaced) = (value, true);
    }

    Task<X509Certificate2?> ITlsConnectionFeature.GetClientCertificateAsync(CancellationToken cancellationToken) =>
        Task.FromResult(((ITlsConnectionFeature)this).ClientCertificate);

#pragma warning disable SYSLIB0058 // Obsolete members of ITlsHandshakeFeature, in place of which NegotiatedCipherSuite is used.
    CipherAlgorithmType ITlsHandshakeFeature.CipherAlgorithm => CipherAlgorithmType.None;

    int ITlsHandshakeFeature.CipherStrength => 0;

    HashAlgorithmType ITlsHandshakeFeature.HashAlgorithm => HashAlgorithmType.None;

    int ITlsHandshakeFeature.HashStrength => 0;

    ExchangeAlgorithmType ITlsHandshakeFeature.KeyExchangeAlgorithm => ExchangeAlgorithmType.None;

    int ITlsHandshakeFeature.KeyExchangeStrength => 0;
#pragma warning restore SYSLIB0058
}
