using System.Collections.Concurrent;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Logging;
using Proxy.Configuration;

namespace Proxy.Channels.Tunnel;

/// <summary>This instance's certificate and the authorities it believes, read again when their files change.</summary>
internal sealed partial class TunnelCredentials(TunnelConfig config, string group, ILogger logger)
{
    private const string ServerUsage = "1.3.6.1.5.5.7.3.1";
    private const string ClientUsage = "1.3.6.1.5.5.7.3.2";

    private const int MostIntermediates = 64;

    private readonly Lock _gate = new(); // guards _loaded
    private readonly ConcurrentDictionary<string, X509Certificate2> _intermediates = new(StringComparer.Ordinal);
    private Loaded? _loaded;
    private volatile bool _failed;

    /// <summary>The certificate to show, with those between it and the authority.</summary>
    public SslStreamCertificateContext Certificate => Current().Context;

    /// <summary>Grows when the files have changed.</summary>
    public int Version => Current().Version;

    /// <summary>Who a peer is: its chain has to end at our authorities, be made for this use, and name an instance of our group.</summary>
    /// <param name="certificate">What it showed.</param>
    /// <param name="chain">What it showed beside it.</param>
    /// <param name="server">Whether it is the one that was dialled.</param>
    /// <returns>The identity; null when it is nobody we know.</returns>
    public TunnelIdentity? Verify(X509Certificate2? certificate, X509Chain? chain, bool server)
    {
        if (certificate is null)
        {
            return null;
        }

        using var built = new X509Chain();
        var policy = built.ChainPolicy;
        policy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        policy.RevocationMode = X509RevocationMode.NoCheck;
        policy.DisableCertificateDownloads = true;
        policy.CustomTrustStore.AddRange(Current().Authorities);
        policy.ExtraStore.AddRange(chain?.ChainElements.Skip(1).Select(static element => element.Certificate).ToArray() ?? []);
        policy.ExtraStore.AddRange(_intermediates.Values.ToArray());
        policy.ApplicationPolicy.Add(new Oid(server ? ServerUsage : ClientUsage));
        if (!built.Build(certificate))
        {
            return null;
        }

        Remember(built);
        return
            TunnelIdentity.TryRead(certificate, out var identity) && (identity.TrustDomain, identity.Group) == (config.TrustDomain, group)
            ? identity
            : null;
    }

    // They come with a handshake only, and a connection is judged again when the authorities change.
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
            var stamp = Stamp();
            if (_loaded is { } current && (current.Stamp == stamp || stamp is null))
            {
                return current;
            }

            try
            {
                _loaded = Load(stamp, (_loaded?.Version ?? 0) + 1);
                _failed = false;
            }
            catch (Exception exception)
                when (_loaded is not null && exception is CryptographicException or IOException or UnauthorizedAccessException)
            {
                // Half written, perhaps; asked again at the next handshake.
                if (!_failed)
                {
                    Log.Unreadable(logger, exception.Message);
                }

                _failed = true;
            }

            return _loaded;
        }
    }

    private string? Stamp()
    {
        string[] files = [config.Certificate!.Path, config.Certificate.KeyPath, config.TrustBundle!];
        return files.All(File.Exists) ? string.Join('|', files.Select(static file => File.GetLastWriteTimeUtc(file).Ticks)) : null;
    }

    private Loaded Load(string? stamp, int version)
    {
        var certificate = X509Certificate2.CreateFromPemFile(config.Certificate!.Path, config.Certificate.KeyPath);
        var shown = new X509Certificate2Collection();
        shown.ImportFromPemFile(config.Certificate.Path);
        var authorities = new X509Certificate2Collection();
        authorities.ImportFromPemFile(config.TrustBundle!);
        return new(SslStreamCertificateContext.Create(certificate, shown, offline: true), authorities, stamp, version);
    }

    private sealed record Loaded(SslStreamCertificateContext Context, X509Certificate2Collection Authorities, string? Stamp, int Version);

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "The tunnel's certificates changed and cannot be read, the old ones stay in use: {Reason}")]
        public static partial void Unreadable(ILogger logger, string reason);
    }
}
