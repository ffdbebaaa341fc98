using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Proxy.Configuration.Host;
using Proxy.Revisions;
using Proxy.Tls.Certificates;

namespace Proxy.Conditions.Rules;

/// <summary>
/// Certificates of routes and clusters, of the tunnel and of Kestrel: near their end when less than 21 days, or less than a quarter of their time, is left.
/// Those of routes and clusters are the ones in use, which the store reads. Kestrel's are those of the start, since it keeps them; the tunnel's, and those
/// that could not be read, are read again every 30 s, as the tunnel does at handshakes.
/// </summary>
/// <remarks>Only <see cref="Sample"/>, which the history calls, reads files. Before its first call, at the start, nothing is known.</remarks>
internal sealed class CertificateConditions(CertificateInventory used, ProxyStatus status, TimeProvider time) : IConditionSource
{
    private const ConditionKind Kind = ConditionKind.Certificate;
    private static readonly TimeSpan _interval = TimeSpan.FromSeconds(30);

    private volatile IReadOnlyList<Certificate> _known = [];
    private KestrelConfig? _kestrel; // of the start; used by Sample alone, as is the field below
    private long? _readAt;

    public IEnumerable<Condition> Read() =>
        _known.Select(Of).Concat(used.Certificates().Select(OfUsed)).Concat(used.Bundles().Select(OfBundle));

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

    private Condition Of(Certificate certificate) =>
        certificate.Error is { } error
            ? Unreadable(certificate.Path, error, certificate.ReadAt)
            : OfTime(certificate.Path, certificate.From, certificate.Until, certificate.ReadAt);

    // One that is over fails clients, whatever is wrong with its successor.
    private Condition OfUsed((string Key, ServedCertificate Certificate) one)
    {
        var (key, certificate) = one;
        var condition = OfTime(key, certificate.Loaded.NotBefore, certificate.Loaded.NotAfter, certificate.Since);
        return certificate.Problem is { } problem && condition.Level != ConditionLevel.Down
            ? Unreadable(key, problem.Text, problem.Since)
            : condition;
    }

    private Condition OfBundle((string Key, TrustBundle Bundle) one)
    {
        var (key, bundle) = one;
        return bundle.Content.Lists?.Min(static list => list.NextUpdate) is { } over && over <= time.GetUtcNow()
                ? new(Kind, key, ConditionLevel.Down, ConditionReason.Expired)
                {
                    Since = over,
                    LastError = Facts.Line($"a revocation list of {bundle.RevocationListPath} is over since {over.UtcDateTime:u}"),
                    Count = 1,
                }
            : bundle.Problem is { } problem ? Unreadable(key, problem.Text, problem.Since)
            : Condition.Ok(Kind, key);
    }

    private static Condition Unreadable(string key, string error, DateTimeOffset since) =>
        new(Kind, key, ConditionLevel.Degraded, ConditionReason.Unreadable)
        {
            Since = since,
            LastError = Facts.Line(error),
            Count = 1,
        };

    private Condition OfTime(string key, DateTimeOffset from, DateTimeOffset until, DateTimeOffset readAt)
    {
        var (soon, now) = (CertificateTime.RenewalDue(from, until), time.GetUtcNow());
        if (now < from)
        {
            return new(Kind, key, ConditionLevel.Down, ConditionReason.NotYetValid)
            {
                Since = readAt,
                LastError = $"valid from {from.UtcDateTime:u}",
                Count = 1,
            };
        }

        return now < soon
            ? Condition.Ok(Kind, key)
            : new(
                Kind,
                key,
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
            var (from, until) = (certificate.NotBefore, certificate.NotAfter);
            return new(
                key,
                from,
                until,
                null,
                before is { Error: null } && (before.From, before.Until) == (from, until) ? before.ReadAt : now
            );
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
