using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Proxy.Configuration.Tls;

namespace Proxy.Tls.Certificates;

/// <summary>A certificate of the configuration. What it is at a moment changes with its files; asking it never reads a file.</summary>
internal sealed class ServedCertificate
{
    private readonly Reloaded<LoadedCertificate> _files;

    /// <summary>Reads the files.</summary>
    /// <exception cref="CertificateException">They are no certificate and its key.</exception>
    public ServedCertificate(CertificateConfig config, Generation generation, TimeProvider time)
    {
        (Config, Generation) = (config, generation);
        _files = new(
            config.KeyPath is { } key ? [config.Path, key] : [config.Path],
            (contents, before) => Check(CertificateReader.Read(config, contents[0], contents.ElementAtOrDefault(1)), before, time),
            time
        );
        _files.First();
    }

    /// <summary>Where it comes from.</summary>
    public CertificateConfig Config { get; }

    /// <summary>Grows when any certificate of the same store was replaced.</summary>
    public Generation Generation { get; }

    /// <summary>The present reading.</summary>
    public LoadedCertificate Loaded => _files.Value!;

    /// <summary>Since when the present reading is used.</summary>
    public DateTimeOffset Since => _files.Since;

    /// <summary>Why the newest content of the files is not used, and since when; null if it is.</summary>
    public (string Text, DateTimeOffset Since)? Problem => _files.Problem;

    /// <summary>A reading that does not end; null if there is none.</summary>
    public (string Text, DateTimeOffset Since)? Slow => _files.Slow;

    /// <summary>What TLS presents, with the certificates between it and its authority.</summary>
    public SslStreamCertificateContext Context => Loaded.Context;

    /// <summary>The certificate itself, with its key.</summary>
    public X509Certificate2 Leaf => Loaded.Leaf;

    /// <summary>The DNS names that it is for, in lower case.</summary>
    public IReadOnlyList<string> Names => Loaded.Names.All;

    /// <summary>Whether it is for a name, exactly or by a wildcard.</summary>
    public bool Covers(string serverName) => Loaded.Names.Cover(serverName);

    /// <summary>Reads the files again. One caller at a time.</summary>
    public Reading Refresh()
    {
        var reading = _files.Read();
        if (reading == Reading.Replaced)
        {
            Generation.Grow();
        }

        return reading;
    }

    // At first, one that is expired is better than none: clients that do not care are served, and all others see why. Later it is worse than a valid one.
    private static LoadedCertificate Check(LoadedCertificate loaded, LoadedCertificate? before, TimeProvider time)
    {
        var now = time.GetUtcNow();
        return before is null || loaded.IsValid(now) || !before.IsValid(now)
            ? loaded
            : throw new CertificateException(
                loaded.NotAfter <= now
                    ? $"the new certificate expired at {CertificateText.Time(loaded.NotAfter)}; the present one is valid until {CertificateText.Time(before.NotAfter)}."
                    : $"the new certificate is not valid before {CertificateText.Time(loaded.NotBefore)}; it will be used from then on."
            );
    }
}
