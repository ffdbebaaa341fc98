using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Logging;
using Proxy.Configuration.Channels;
using Proxy.Configuration.Reading;

namespace Proxy.Channels.Tunnel;

/// <summary>This instance's certificate and the authorities that it trusts, reloaded when their files change.</summary>
internal sealed partial class TunnelCredentials(TunnelConfig config, string group, ILogger logger)
{
    private const string ServerUsage = "1.3.6.1.5.5.7.3.1";
    private const string ClientUsage = "1.3.6.1.5.5.7.3.2";

    private const int MostIntermediates = 64;

    private static readonly TimeSpan _recent = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new(); // guards _loaded, _readAt and _failed
    private readonly ConcurrentDictionary<string, X509Certificate2> _intermediates = new(StringComparer.Ordinal);
    private readonly TroubleFilter _troubles = new(TimeProvider.System);
    private Loaded? _loaded;
    private long _readAt;
    private bool _failed;

    /// <summary>The certificate that this instance presents, with the intermediate certificates.</summary>
    /// <exception cref="IOException">The files have not been readable so far.</exception>
    public SslStreamCertificateContext Certificate => Current().Context;

    /// <summary>The same, as it was a second ago at most: for event loops, which are not to read files for each connection.</summary>
    /// <exception cref="IOException">The files have not been readable so far.</exception>
    public SslStreamCertificateContext RecentCertificate => Recent().Context;

    /// <summary>A number that grows when the authorities have changed.</summary>
    public int Version => Current().Version;

    /// <summary>
    /// Verifies a peer's certificate: its chain has to end at a trusted authority, allow this use, and name an instance of this group.
    /// </summary>
    /// <param name="certificate">The certificate that the peer presented.</param>
    /// <param name="chain">The certificates that the peer sent with it.</param>
    /// <param name="server">Whether the peer is the side that was dialed.</param>
    /// <returns>The identity; null when it is not trusted.</returns>
    public TunnelIdentity? Verify(X509Certificate2? certificate, X509Chain? chain, bool server) =>
        Verify(certificate, chain, server, Current());

    /// <summary>Does what <see cref="Verify(X509Certificate2, X509Chain, bool)"/> does, with the authorities of a second ago at most.</summary>
    public TunnelIdentity? VerifyRecent(X509Certificate2? certificate, X509Chain? chain, bool server) =>
        Verify(certificate, chain, server, Recent());

    private TunnelIdentity? Verify(X509Certificate2? certificate, X509Chain? chain, bool server, Loaded now)
    {
        var (identity, refusal) = Judge(certificate, chain, server, X509VerificationFlags.NoFlag, now);
        if (refusal is not null)
        {
            OnRefused(certificate, refusal, server);
        }

        return identity;
    }

    /// <summary>
    /// Verifies again the certificate of a peer whose connection is open. As elsewhere in TLS, an expired certificate does not end a
    /// connection.
    /// </summary>
    /// <param name="certificate">The certificate that the peer presented.</param>
    /// <param name="server">Whether the peer is the side that was dialed.</param>
    /// <returns>The identity; null when it is not trusted any more.</returns>
    public TunnelIdentity? Review(X509Certificate2? certificate, bool server) =>
        Judge(certificate, null, server, X509VerificationFlags.IgnoreNotTimeValid, Current()).Identity;

    private (TunnelIdentity? Identity, string? Refusal) Judge(
        X509Certificate2? certificate,
        X509Chain? chain,
        bool server,
        X509VerificationFlags flags,
        Loaded now
    )
    {
        if (certificate is null)
        {
            return (null, "the peer has sent none");
        }

        using var built = new X509Chain();
        var policy = built.ChainPolicy;
        policy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        policy.RevocationMode = X509RevocationMode.NoCheck;
        policy.DisableCertificateDownloads = true;
        policy.VerificationFlags = flags;
        policy.CustomTrustStore.AddRange(now.Authorities);
        policy.ExtraStore.AddRange(chain?.ChainElements.Skip(1).Select(static element => element.Certificate).ToArray() ?? []);
        policy.ExtraStore.AddRange(chain?.ChainPolicy.ExtraStore ?? []);
        policy.ExtraStore.AddRange(_intermediates.Values.ToArray());
        policy.ApplicationPolicy.Add(new Oid(server ? ServerUsage : ClientUsage));
        if (!built.Build(certificate))
        {
            return (null, string.Join(", ", built.ChainStatus.Select(static status => status.Status).Distinct()));
        }

        Remember(built);
        return MayIssue(certificate) ? (null, "it is one of an authority, which may issue others (X.509-SVID 4)")
            : !TunnelIdentity.TryRead(certificate, out var identity) ? (null, "it does not name exactly one instance")
            : (identity.TrustDomain, identity.Group) != (config.TrustDomain, group) ? (null, "it belongs to another group or trust domain")
            : (identity, null);
    }

    private static bool MayIssue(X509Certificate2 certificate) =>
        certificate.Extensions.Any(static extension =>
            extension is X509BasicConstraintsExtension { CertificateAuthority: true }
            || (
                extension is X509KeyUsageExtension usage
                && (usage.KeyUsages & (X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign)) != 0
            )
        );

    private void OnRefused(X509Certificate2? certificate, string refusal, bool server)
    {
        var subject =
            certificate is null ? "none"
            : TunnelIdentity.TryRead(certificate, out var identity) ? identity.ToString()
            : certificate.Subject;
        var side = server ? "a server" : "a caller";
        if (_troubles.IsNews(side, $"{subject} {refusal}"))
        {
            Log.Refused(logger, side, Printable.Shorten(subject), refusal);
        }
    }

    // Intermediate certificates come with the handshake only, and an open connection is verified again when the authorities change.
    private void Remember(X509Chain built)
    {
        foreach (var element in built.ChainElements.Skip(1).SkipLast(1))
        {
            if (_intermediates.Count < MostIntermediates && !_intermediates.ContainsKey(element.Certificate.Thumbprint))
            {
                _intermediates.TryAdd(element.Certificate.Thumbprint, X509CertificateLoader.LoadCertificate(element.Certificate.RawData));
            }
        }
    }

    private Loaded Current()
    {
        lock (_gate)
        {
            try
            {
                _readAt = Stopwatch.GetTimestamp(); // also of files that cannot be read
                var files = new CredentialFiles(config);
                _loaded = files.Stamp == _loaded?.Stamp ? _loaded : Load(files);
                _failed = false;
                return _loaded;
            }
            catch (Exception exception)
                when (exception is ArgumentException or CryptographicException or IOException or UnauthorizedAccessException)
            {
                return Failed(exception);
            }
        }
    }

    private Loaded Recent()
    {
        lock (_gate)
        {
            return _loaded is { } loaded && Stopwatch.GetElapsedTime(_readAt) < _recent ? loaded : Current();
        }
    }

    private Loaded Load(CredentialFiles files)
    {
        var isNew = files.AuthoritiesStamp != _loaded?.AuthoritiesStamp;
        return new(
            files.Certificate(),
            isNew ? files.Authorities() : _loaded!.Authorities,
            files.Stamp,
            files.AuthoritiesStamp,
            (_loaded?.Version ?? 0) + (isNew ? 1 : 0)
        );
    }

    // The files may be half written; they are read again at the next handshake.
    private Loaded Failed(Exception exception)
    {
        if (_loaded is null)
        {
            throw new IOException($"The tunnel's certificates cannot be read: {exception.Message}", exception);
        }

        if (!_failed)
        {
            Log.Unreadable(logger, exception.Message);
        }

        _failed = true;
        return _loaded;
    }

    private sealed record Loaded(
        SslStreamCertificateContext Context,
        X509Certificate2Collection Authorities,
        string Stamp,
        string AuthoritiesStamp,
        int Version
    );

    private static partial class Log
    {
        [LoggerMessage(
            LogLevel.Warning,
            "The tunnel's certificate files have changed and cannot be read, so the old certificates stay in use until they can: {Reason}"
        )]
        public static partial void Unreadable(ILogger logger, string reason);

        [LoggerMessage(LogLevel.Warning, "The tunnel refuses the certificate of {Side}, '{Subject}', and closes the connection: {Reason}.")]
        public static partial void Refused(ILogger logger, string side, string subject, string reason);
    }
}
