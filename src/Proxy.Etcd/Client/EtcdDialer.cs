using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Proxy.Configuration.Engine;
using Proxy.Configuration.Reading;
using Proxy.Connections;
using Proxy.Tls.Certificates;
using Proxy.Tls.Origination;

namespace Proxy.Etcd.Client;

/// <summary>Connects members of etcd, within TLS if their URL says so. Certificates and authorities are those that their files have at the moment.</summary>
/// <param name="config">The settings.</param>
/// <param name="store">The certificates, whose files are read again when they change.</param>
/// <param name="time">The clock of the time limit.</param>
internal sealed class EtcdDialer(EtcdConfig config, CertificateStore store, TimeProvider time)
{
    /// <summary>The callback of HTTP's client.</summary>
    /// <param name="context">What is to be connected.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <returns>The stream.</returns>
    /// <exception cref="DialException">It failed.</exception>
    public async ValueTask<Stream> DialAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        using var deadline = new CancellationTokenSource(config.Timeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        var isConnected = false;
        try
        {
            var stream = await GatedConnect.ConnectAsync(context.DnsEndPoint, either.Token);
            isConnected = true;
            var isSecure = context.InitialRequestMessage.RequestUri?.Scheme == Uri.UriSchemeHttps;
            return isSecure ? await SecureAsync(stream, context.DnsEndPoint.Host, either.Token) : stream;
        }
        catch (OperationCanceledException exception) when (deadline.IsCancellationRequested)
        {
            throw new DialException(
                $"{(isConnected ? "TLS was not agreed on" : "it did not accept")} within {EtcdFailure.Seconds(config.Timeout)}",
                exception
            );
        }
        catch (SocketException exception)
        {
            throw new DialException(Printable.Shorten(exception.Message).TrimEnd('.'), exception);
        }
        catch (CertificateException exception)
        {
            throw new DialException(Printable.Shorten(exception.Message).TrimEnd('.'), exception);
        }
    }

    private async Task<Stream> SecureAsync(Stream connected, string host, CancellationToken cancellationToken)
    {
        var tls = new SslStream(connected);
        try
        {
            var trust = config.CertificateAuthority is { } authority ? store.Trust(authority, null) : store.SystemTrust(null);
            var verification = new ServerVerification(trust, host);
            try
            {
                await tls.AuthenticateAsClientAsync(Options(host, verification), cancellationToken);
            }
            catch (Exception exception) when (exception is not OperationCanceledException)
            {
                var reason = verification.Refusal ?? exception.InnerException?.Message ?? exception.Message;
                throw new DialException($"TLS failed: {Printable.Escape(reason).TrimEnd('.')}", exception);
            }

            return tls;
        }
        catch
        {
            await tls.DisposeAsync();
            throw;
        }
    }

    private SslClientAuthenticationOptions Options(string host, ServerVerification verification) =>
        new()
        {
            TargetHost = host,
            ApplicationProtocols = [SslApplicationProtocol.Http2],
            ClientCertificateContext = config.Certificate is { } certificate ? store.Certificate(certificate).Context : null,
            AllowRenegotiation = false,
            RemoteCertificateValidationCallback = (_, shown, chain, _) => verification.Verify(shown, chain),
            CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
            CertificateChainPolicy = new() // the verification builds its own chain; this one is not to look for anything
            {
                RevocationMode = X509RevocationMode.NoCheck,
                DisableCertificateDownloads = true,
                TrustMode = X509ChainTrustMode.CustomRootTrust,
            },
        };
}
