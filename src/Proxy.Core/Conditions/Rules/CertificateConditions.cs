using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Proxy.Configuration.Host;
using Proxy.Revisions;

namespace Proxy.Conditions.Rules;

/// <summary>
/// Certificates of the tunnel and of Kestrel: near their end when less than 14 days, or less than a fifth of their time, is left. Kestrel's are those of
/// the start, since it keeps them; the tunnel's are read again every 30 s, as the tunnel does at handshakes.
/// </summary>
internal sealed class CertificateConditions(ProxyStatus status, TimeProvider time) : IConditionSource
{
    private const double LeastPart = 0.2;
    private static readonly TimeSpan _soon = TimeSpan.FromDays(14);
    private static readonly TimeSpan _interval = TimeSpan.FromSeconds(30);

    private readonly Lock _gate = new(); // guards all fields below
    private List<Certificate>? _kestrels;
    private List<Certificate> _tunnels = [];
    private long? _readAt;

    public IEnumerable<Condition> Read() => Certificates().Select(Of);

    private List<Certificate> Certificates()
    {
        lock (_gate)
        {
            if (status.Current.Running is not { Config: var config })
            {
                return [];
            }

            _kestrels ??= [.. Kestrels(config.Kestrel)];
            if (_readAt is not { } at || time.GetElapsedTime(at) >= _interval)
            {
                _readAt = time.GetTimestamp();
                _tunnels = config.Channels?.Tunnel.Certificate is { Path: var path }
                    ? [Load("Channels:Tunnel:Certificate", () => X509CertificateLoader.LoadCertificateFromFile(path))]
                    : [];
            }

            return [.. _tunnels, .. _kestrels];
        }
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

    private IEnumerable<Certificate> Kestrels(KestrelConfig? kestrel)
    {
        if (kestrel is null)
        {
            yield break;
        }

        foreach (var (name, config) in kestrel.Certificates)
        {
            yield return Load($"Kestrel:Certificates:{name}", () => Open(config));
        }

        foreach (var (name, endpoint) in kestrel.Endpoints)
        {
            if (endpoint.Certificate is { } config)
            {
                yield return Load($"Kestrel:Endpoints:{name}:Certificate", () => Open(config));
            }
        }
    }

    private Certificate Load(string path, Func<X509Certificate2> open)
    {
        var now = time.GetUtcNow();
        try
        {
            using var certificate = open();
            return new(path, certificate.NotBefore, certificate.NotAfter, null, now);
        }
        catch (Exception exception) when (exception is CryptographicException or IOException or UnauthorizedAccessException)
        {
            return new(path, now, now, exception.Message, now);
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
