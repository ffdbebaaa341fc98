using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Proxy.Configuration.Host;
using Proxy.Revisions;

namespace Proxy.Conditions.Rules;

/// <summary>
/// Certificates of the tunnel and of Kestrel: near their end when less than 14 days, or less than a fifth of their time, is left. Kestrel's are those of
/// the start, since it keeps them; the tunnel's, and those that could not be read, are read again every 30 s, as the tunnel does at handshakes.
/// </summary>
/// <remarks>Only <see cref="Sample"/>, which the history calls, reads files. Before its first call, at the start, nothing is known.</remarks>
internal sealed class CertificateConditions(ProxyStatus status, TimeProvider time) : IConditionSource
{
    private const double LeastPart = 0.2;
    private static readonly TimeSpan _soon = TimeSpan.FromDays(14);
    private static readonly TimeSpan _interval = TimeSpan.FromSeconds(30);

    private volatile IReadOnlyList<Certificate> _known = [];
    private KestrelConfig? _kestrel; // of the start; used by Sample alone, as is the field below
    private long? _readAt;

    public IEnumerable<Condition> Read() => _known.Select(Of);

    /// <summary>Reads the certificates whose turn it is. One caller at a time.</summary>
    public void Sample()
    {
        if (status.Current.Running is not { Config: var config } || (_readAt is { } at && time.GetElapsedTime(at) < _interval))
        {
            return;
        }

        _kestrel = _readAt is null ? config.Kestrel : _kestrel;
        _readAt = time.GetTimestamp();
        var before = _known.ToDictionary(static one => one.Path);
        List<Certificate> known = [];
        if (config.Channels?.Tunnel.Certificate is { Path: var path })
        {
            const string Key = "Channels:Tunnel:Certificate";
            known.Add(Load(Key, before.GetValueOrDefault(Key), () => X509CertificateLoader.LoadCertificateFromFile(path)));
        }

        foreach (var (key, certificate) in Kestrels(_kestrel))
        {
            known.Add(
                before.GetValueOrDefault(key) is { Error: null } read
                    ? read
                    : Load(key, before.GetValueOrDefault(key), () => Open(certificate))
            );
        }

        _known = known;
    }

    private Condition Of(Certificate certificate)
    {
        const ConditionKind Kind = ConditionKind.Certificate;
        var (path, from, until, error, readAt) = certificate;
        if (error is not null)
        {
            return new(Kind, path, ConditionLevel.Degraded, ConditionReason.Unreadable)
            {
                Since = readAt,
                LastError = Facts.Line(error),
                Count = 1,
            };
        }

        var part = (until - from) * LeastPart;
        var soon = until - (part < _soon ? part : _soon);
        var now = time.GetUtcNow();
        return now < soon
            ? Condition.Ok(Kind, path)
            : new(
                Kind,
                path,
                now < until ? ConditionLevel.Degraded : ConditionLevel.Down,
                now < until ? ConditionReason.ExpiresSoon : ConditionReason.Expired
            )
            {
                Since = now < until ? soon : until,
                LastError = $"valid until {until.UtcDateTime:u}",
                Count = 1,
            };
    }

    private static IEnumerable<(string Key, KestrelCertificateConfig Certificate)> Kestrels(KestrelConfig? kestrel)
    {
        if (kestrel is null)
        {
            yield break;
        }

        foreach (var (name, certificate) in kestrel.Certificates)
        {
            yield return ($"Kestrel:Certificates:{name}", certificate);
        }

        foreach (var (name, endpoint) in kestrel.Endpoints)
        {
            if (endpoint.Certificate is { } own)
            {
                yield return ($"Kestrel:Endpoints:{name}:Certificate", own);
            }

            foreach (var (host, settings) in endpoint.Sni)
            {
                if (settings.Certificate is { } its)
                {
                    yield return ($"Kestrel:Endpoints:{name}:Sni:{host}:Certificate", its);
                }
            }
        }
    }

    // Whatever goes wrong, also a path or a password of an unexpected kind, only this one certificate cannot be read.
    private Certificate Load(string key, Certificate? before, Func<X509Certificate2> open)
    {
        var now = time.GetUtcNow();
        try
        {
            using var certificate = open();
            return new(key, certificate.NotBefore, certificate.NotAfter, null, now);
        }
        catch (Exception exception)
        {
            return new(key, now, now, exception.Message, before is { Error: not null } ? before.ReadAt : now);
        }
    }

    // Of a store Kestrel takes the one that ends last.
    private static X509Certificate2 Open(KestrelCertificateConfig config)
    {
        if (config.Path is { Length: > 0 } path)
        {
            return config.KeyPath is { Length: > 0 }
                ? X509CertificateLoader.LoadCertificateFromFile(path)
                : X509CertificateLoader.LoadPkcs12FromFile(path, config.Password);
        }

        using var store = new X509Store(config.Store ?? "My", config.Location ?? StoreLocation.CurrentUser);
        store.Open(OpenFlags.ReadOnly);
        return store
                .Certificates.Find(X509FindType.FindBySubjectName, config.Subject ?? "", validOnly: !config.AllowInvalid)
                .MaxBy(static certificate => certificate.NotAfter)
            ?? throw new CryptographicException("the store has no such certificate");
    }

    private sealed record Certificate(string Path, DateTimeOffset From, DateTimeOffset Until, string? Error, DateTimeOffset ReadAt);
}
