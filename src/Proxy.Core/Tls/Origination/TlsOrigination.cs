using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Logging;
using Proxy.Configuration.Tls;
using Proxy.Connections;
using Proxy.Diagnostics;
using Proxy.Tls.Certificates;

namespace Proxy.Tls.Origination;

/// <summary>Begins TLS on connections to the destinations of one cluster.</summary>
/// <param name="config">The settings of the cluster.</param>
/// <param name="trust">Verifies certificates; null accepts any.</param>
/// <param name="certificate">What destinations get that ask for a certificate; null for none.</param>
/// <param name="metrics">Counts handshakes.</param>
/// <param name="time">Measures them.</param>
/// <param name="logger">Gets a line when destinations end TLS after the handshake.</param>
internal sealed partial class TlsOrigination(
    ClusterTlsConfig config,
    TrustBundle? trust,
    ServedCertificate? certificate,
    TlsMetrics metrics,
    TimeProvider time,
    ILogger logger
)
{
    private static readonly TimeSpan _pause = TimeSpan.FromMinutes(1);

    private readonly TlsEnds _ends = new(TlsSide.Upstream, config.RequireCloseNotify);
    private readonly List<SslApplicationProtocol>? _protocols = config
        .AlpnProtocols?.Select(static name => new SslApplicationProtocol(name))
        .ToList();

    private readonly Lock _gate = new(); // guards the two below
    private long _unwritten;
    private long? _writtenAt;

    private readonly SslProtocols _versions = TlsVersions.From(config.MinimumVersion);

    private readonly CipherSuitesPolicy? _suites = Suites(config.CipherSuites);

    /// <summary>Asks for TLS, if that has to be asked, and shakes hands.</summary>
    /// <param name="connection">The connection, of which nothing was read. It belongs to the returned one; if this fails, the caller disposes it.</param>
    /// <param name="target">The destination, and the name that its certificate must have.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <returns>The connection within TLS.</returns>
    /// <exception cref="TlsFailedException">The destination does not do its part, or its certificate is not valid.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public async ValueTask<TlsConnection> BeginAsync(
        TcpConnection connection,
        OriginationTarget target,
        CancellationToken cancellationToken
    )
    {
        var started = time.GetTimestamp();
        try
        {
            var begun = await BeginUncountedAsync(connection, target, cancellationToken);
            var duration = time.GetElapsedTime(started);
            metrics.Succeeded(TlsSide.Upstream, target.ClusterId, begun.Facts, duration);
            target.Client?.UpstreamTls(begun.Facts.ToSession(), duration);
            return begun;
        }
        catch (HandshakeFailedException exception)
        {
            Failed(target, exception.Reason, exception.Message, time.GetElapsedTime(started));
            throw exception.ToFailure();
        }
    }

    /// <summary>Counts a handshake that was not over in time.</summary>
    /// <param name="target">The destination, and the name that its certificate must have.</param>
    /// <param name="error">That in words.</param>
    /// <param name="duration">How long it took.</param>
    public void TimedOut(OriginationTarget target, string error, TimeSpan duration) =>
        Failed(target, TlsFailureReason.TimedOut, error, duration);

    private void Failed(OriginationTarget target, TlsFailureReason reason, string error, TimeSpan duration)
    {
        metrics.Failed(TlsSide.Upstream, target.ClusterId, reason, duration);
        target.Client?.UpstreamTlsFailed(NameFor(target), reason.ToString(), error, duration);
    }

    // No dial has failed, so nothing else tells it. There may be one for each client, so there is a line a minute at most.
    private void EndedLater(OriginationTarget target, Exception exception)
    {
        var ended = HandshakeFailedException.After(exception);
        target.Client?.UpstreamTlsEnded(ended.Reason.ToString(), ended.Message);
        long count;
        lock (_gate)
        {
            count = ++_unwritten;
            if (_writtenAt is { } at && time.GetElapsedTime(at) < _pause)
            {
                return;
            }

            (_unwritten, _writtenAt) = (0, time.GetTimestamp());
        }

        Log.EndedLater(logger, target.ClusterId, NameFor(target), ended.Message.TrimEnd('.'), count);
    }

    private string? NameFor(OriginationTarget target) => config.ServerName ?? target.Host?.TrimEnd('.');

    private async ValueTask<TlsConnection> BeginUncountedAsync(
        TcpConnection connection,
        OriginationTarget target,
        CancellationToken cancellationToken
    )
    {
        var transport = connection.OpenStream() ?? throw new InvalidOperationException("The connection was read before TLS began.");
        if (config.Negotiation == TlsNegotiation.Postgres)
        {
            await PostgresNegotiation.AskAsync(transport, cancellationToken);
        }

        var name = NameFor(target);
        var verification = new ServerVerification(trust, name);
        var cipher = new CipherStream(transport, connection.Buffers);
        var stream = new SslStream(cipher);
        try
        {
            await stream.AuthenticateAsClientAsync(Options(name, target.ClientProtocol, verification), cancellationToken);
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            await stream.DisposeAsync();
            throw verification.Refusal is { } refusal
                ? new HandshakeFailedException(verification.Reason, refusal, exception)
                : HandshakeFailedException.Of(exception);
        }
        catch
        {
            await stream.DisposeAsync();
            throw;
        }

        return new TlsConnection(
            connection,
            stream,
            cipher,
            Facts(stream, name),
            _ends with
            {
                Violated = exception => EndedLater(target, exception),
            }
        );
    }

    // Made for each handshake, since SslStream keeps some of it.
    private SslClientAuthenticationOptions Options(string? name, ReadOnlyMemory<byte> clientProtocol, ServerVerification verification) =>
        new()
        {
            TargetHost = name ?? "",
            EnabledSslProtocols = _versions,
            CipherSuitesPolicy = _suites,
            ApplicationProtocols = _protocols is not null
                ? _protocols.Count == 0
                    ? null
                    : _protocols
                : clientProtocol.IsEmpty
                    ? null
                    : [new(clientProtocol.ToArray())],
            ClientCertificateContext = certificate?.Context,
            AllowRenegotiation = false,
            RemoteCertificateValidationCallback = (_, certificate, chain, _) => verification.Verify(certificate, chain),
            CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
            CertificateChainPolicy = new() // the verification builds its own chain; this one is not to look for anything
            {
                RevocationMode = X509RevocationMode.NoCheck,
                DisableCertificateDownloads = true,
                TrustMode = X509ChainTrustMode.CustomRootTrust,
            },
        };

    // Without the certificate: nothing asks for it, and an exposed one keeps native memory for as long as the connection lasts.
    private static TlsFacts Facts(SslStream stream, string? name) =>
        new()
        {
            Protocol = stream.SslProtocol,
            NegotiatedCipherSuite = stream.NegotiatedCipherSuite,
            HostName = name ?? "",
            ApplicationProtocol = stream.NegotiatedApplicationProtocol.Protocol,
        };

    private static CipherSuitesPolicy? Suites(IReadOnlyList<string> names) =>
        OperatingSystem.IsWindows() || OperatingSystem.IsAndroid() ? null // refused when the configuration is validated
        : TlsCipherSuites.Read(names) is { } suites ? new(suites)
        : null;

    private static partial class Log
    {
        [LoggerMessage(
            LogLevel.Warning,
            "Cluster {Cluster}: TLS with {Name} has ended: {Reason}; {Count} since the last line about it, of which there is one a minute at most."
        )]
        public static partial void EndedLater(ILogger logger, string cluster, string? name, string reason, long count);
    }
}
