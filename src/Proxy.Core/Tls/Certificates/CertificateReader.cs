using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Proxy.Configuration.Tls;

namespace Proxy.Tls.Certificates;

/// <summary>Makes a certificate of the content of its files: PEM or PKCS #12, told by the content.</summary>
internal static class CertificateReader
{
    /// <summary>The most certificates of a file that are presented; peers refuse chains that are much shorter.</summary>
    public const int MostCertificates = 32;

    /// <param name="config">The paths and the password.</param>
    /// <param name="certificate">The content of the file of the certificate.</param>
    /// <param name="key">That of the key; null if there is no such file.</param>
    /// <exception cref="CertificateException">The files are no certificate and its key.</exception>
    public static LoadedCertificate Read(CertificateConfig config, byte[] certificate, byte[]? key)
    {
        try
        {
            var (leaf, all) = PemBlocks.Are(certificate) ? ReadPem(config, certificate, key) : ReadBinary(config, certificate);
            PrivateKeys.CheckStrength(config.Path, leaf);
            if (all.Count > MostCertificates)
            {
                throw new CertificateException(
                    $"{config.Path} has {all.Count} certificates; leave the one of the server and those between it and its authority, at most {MostCertificates}."
                );
            }

            // Nothing is downloaded: neither certificates that are missing nor answers about revocation.
            return new(SslStreamCertificateContext.Create(Persist(leaf), all, offline: true), all);
        }
        catch (Exception exception)
            when (exception is CryptographicException or ArgumentException or InvalidOperationException or NotSupportedException)
        {
            throw new CertificateException($"{config.Path} cannot be used: {exception.Message}", exception);
        }
    }

    private static (X509Certificate2 Leaf, X509Certificate2Collection All) ReadPem(
        CertificateConfig config,
        byte[] certificate,
        byte[]? key
    )
    {
        var blocks = PemBlocks.Read(config.Path, certificate);
        var certificates = CertificateList.Of(config.Path, blocks);
        if (certificates.Count == 0)
        {
            var labels = blocks.Select(static one => one.Label).ToList();
            throw new CertificateException(
                labels.Any(static label => label.EndsWith("PRIVATE KEY", StringComparison.Ordinal))
                    ? $"{config.Path} has a private key and no certificate; Path names the file of the certificate, KeyPath that of the key."
                : labels.Exists(static label => label.EndsWith("CERTIFICATE REQUEST", StringComparison.Ordinal))
                    ? $"{config.Path} is a request for a certificate; name the certificate that the authority has made of it."
                : $"{config.Path} has no certificate; it has to have a block that begins with -----BEGIN CERTIFICATE-----."
            );
        }

        var keyPath = config.KeyPath ?? config.Path;
        if (key is not null && !PemBlocks.Are(key))
        {
            throw new CertificateException($"{keyPath} is no PEM file; name one with a block such as -----BEGIN PRIVATE KEY-----.");
        }

        var keyBlock = PrivateKeys.Find(keyPath, key is null ? blocks : PemBlocks.Read(keyPath, key), key is not null);
        return (PrivateKeys.Combine(keyPath, keyBlock, config.Password, config.Path, certificates), certificates);
    }

    private static (X509Certificate2 Leaf, X509Certificate2Collection All) ReadBinary(CertificateConfig config, byte[] content)
    {
        var type = ContentType(content);
        if (type != X509ContentType.Pfx)
        {
            throw new CertificateException(
                type is X509ContentType.Cert
                    ? $"{config.Path} is a certificate in DER; convert it to PEM: openssl x509 -inform der -in {config.Path} -out new.pem"
                : type is X509ContentType.Pkcs7
                    ? $"{config.Path} is PKCS #7; convert it to PEM: openssl pkcs7 -print_certs -in {config.Path} -out new.pem"
                : $"{config.Path} is neither PEM (-----BEGIN CERTIFICATE-----) nor PKCS #12."
            );
        }

        if (config.KeyPath is not null)
        {
            throw new CertificateException($"{config.Path} is PKCS #12, which has its key within; leave KeyPath out.");
        }

        var all = Open(config, content);
        var withKeys = all.Where(static one => one.HasPrivateKey).ToList();
        return withKeys.Count switch
        {
            1 => (withKeys[0], all),
            0 => throw new CertificateException($"{config.Path} has no certificate with a private key; export it with its key."),
            _ => throw new CertificateException(
                $"{config.Path} has {withKeys.Count} certificates with keys; make a file for each, and name them as a list."
            ),
        };
    }

    private static X509Certificate2Collection Open(CertificateConfig config, byte[] content)
    {
        try
        {
            return X509CertificateLoader.LoadPkcs12Collection(content, config.Password);
        }
        catch (CryptographicException exception) when (exception.Message.Contains("password", StringComparison.OrdinalIgnoreCase))
        {
            throw new CertificateException(
                string.IsNullOrEmpty(config.Password)
                    ? $"{config.Path} is protected by a password; write it as Password."
                    : $"the password does not open {config.Path}; write the one that it was exported with.",
                exception
            );
        }
        catch (CryptographicException exception)
        {
            throw new CertificateException(
                $"{config.Path} cannot be read as PKCS #12, or has a key that .NET cannot use: {exception.Message}",
                exception
            );
        }
    }

    private static X509ContentType ContentType(byte[] content)
    {
        try
        {
            return X509Certificate2.GetCertContentType(content);
        }
        catch (CryptographicException)
        {
            return X509ContentType.Unknown;
        }
    }

    // Windows presents only certificates whose key its key store has.
    private static X509Certificate2 Persist(X509Certificate2 certificate)
    {
        if (!OperatingSystem.IsWindows())
        {
            return certificate;
        }

        using (certificate)
        {
            return X509CertificateLoader.LoadPkcs12(certificate.Export(X509ContentType.Pkcs12), null);
        }
    }
}
