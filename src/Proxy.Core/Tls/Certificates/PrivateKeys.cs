using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Proxy.Tls.Certificates;

/// <summary>Reads private keys of PEM files: RSA and ECDSA, also encrypted ones (PKCS #8).</summary>
internal static class PrivateKeys
{
    private const string Encrypted = "ENCRYPTED PRIVATE KEY";
    private const string Rsa = "1.2.840.113549.1.1.1";
    private const string Ec = "1.2.840.10045.2.1";
    private const int LeastRsaBits = 2048;

    /// <summary>The only key of a file.</summary>
    /// <exception cref="CertificateException">There is none, or more than one.</exception>
    public static PemBlock Find(string path, IReadOnlyList<PemBlock> blocks, bool isOwnFile)
    {
        var keys = blocks.Where(static one => one.Label.EndsWith("PRIVATE KEY", StringComparison.Ordinal)).ToList();
        return keys.Count switch
        {
            1 => keys[0],
            0 => throw new CertificateException(
                isOwnFile
                    ? $"{path} has no private key; KeyPath has to name a PEM file with one, such as BEGIN PRIVATE KEY."
                    : $"{path} has no private key; name the file of the key as KeyPath, or put the key into this file."
            ),
            _ => throw new CertificateException(
                $"{path} has {keys.Count} private keys, in lines {string.Join(", ", keys.Select(static one => one.Line))}; leave the one of the certificate."
            ),
        };
    }

    /// <summary>The certificate with its key.</summary>
    /// <param name="path">The file of the key.</param>
    /// <param name="key">The key.</param>
    /// <param name="password">Its password.</param>
    /// <param name="certificatePath">The file of the certificates.</param>
    /// <param name="certificates">The certificates, of which the first is the key's.</param>
    /// <exception cref="CertificateException">The key cannot be read or does not fit.</exception>
    public static X509Certificate2 Combine(
        string path,
        PemBlock key,
        string? password,
        string certificatePath,
        X509Certificate2Collection certificates
    )
    {
        if (certificates[0].PublicKey.Oid.Value is not (Rsa or Ec))
        {
            throw new CertificateException($"{certificatePath} has a key of {Kind(certificates[0])}; TLS here needs RSA or ECDSA.");
        }

        var open = Open(path, key, password);
        using var opened = open.Key;
        foreach (var (index, certificate) in certificates.Index())
        {
            if (open.Combine(certificate) is not { } whole)
            {
                continue;
            }

            return index == 0
                ? whole
                : throw new CertificateException(
                    $"the key in {path} belongs to certificate {index + 1} of {certificatePath}, '{CertificateText.Subject(certificate)}'; "
                        + "the certificate of the key has to come first, then those between it and its authority."
                );
        }

        throw new CertificateException(
            $"the key in {path} does not belong to the certificate in {certificatePath}, '{CertificateText.Subject(certificates[0])}'; "
                + "name the key that the certificate was requested with."
        );
    }

    /// <exception cref="CertificateException">TLS libraries would refuse the key.</exception>
    public static void CheckStrength(string path, X509Certificate2 certificate)
    {
        using var rsa = certificate.GetRSAPublicKey();
        if (rsa?.KeySize < LeastRsaBits)
        {
            throw new CertificateException(
                $"{path} has an RSA key of {rsa.KeySize} bits, which peers refuse; make one of at least {LeastRsaBits}, or use ECDSA."
            );
        }
    }

    /// <summary>The name of a certificate's kind of key.</summary>
    public static string Kind(X509Certificate2 certificate) =>
        certificate.PublicKey.Oid switch
        {
            { Value: Rsa } => "RSA",
            { Value: Ec } => "ECDSA",
            { Value: "1.3.101.112" } => "Ed25519, which .NET cannot use",
            { Value: "1.3.101.113" } => "Ed448, which .NET cannot use",
            { Value: "1.2.840.10040.4.1" } => "DSA",
            { Value: "1.2.840.113549.1.1.10" } => "RSA-PSS, which .NET cannot use",
            var other => other.FriendlyName ?? other.Value ?? "an unknown kind",
        };

    private static (IDisposable Key, Func<X509Certificate2, X509Certificate2?> Combine) Open(string path, PemBlock key, string? password)
    {
        if (key.Label == Encrypted && string.IsNullOrEmpty(password))
        {
            throw new CertificateException($"the key in {path} is encrypted; write its password as Password.");
        }

        var rsa = RSA.Create();
        if (TryImport(rsa, key, password))
        {
            return (rsa, certificate => Fits(certificate, Rsa, one => one.CopyWithPrivateKey(rsa)));
        }

        rsa.Dispose();
        var ecdsa = ECDsa.Create();
        if (TryImport(ecdsa, key, password))
        {
            return (ecdsa, certificate => Fits(certificate, Ec, one => one.CopyWithPrivateKey(ecdsa)));
        }

        ecdsa.Dispose();
        throw new CertificateException(
            // A wrong password and a key of another kind look alike.
            key.Label == Encrypted
                ? $"the password does not open the key in {path}, or it is of another kind than RSA and ECDSA; write the one that it was encrypted with."
                : $"{path}:{key.Line}: the key '{key.Label}' is damaged or of another kind than RSA and ECDSA (Ed25519 is one that .NET cannot use); "
                    + "make one of these kinds."
        );
    }

    private static bool TryImport(AsymmetricAlgorithm algorithm, PemBlock key, string? password)
    {
        try
        {
            if (key.Label == Encrypted)
            {
                algorithm.ImportEncryptedPkcs8PrivateKey(password, key.Bytes, out _);
            }
            else
            {
                algorithm.ImportFromPem(key.Text);
            }

            return true;
        }
        catch (Exception exception) when (exception is CryptographicException or ArgumentException or PlatformNotSupportedException)
        {
            return false;
        }
    }

    private static X509Certificate2? Fits(X509Certificate2 certificate, string kind, Func<X509Certificate2, X509Certificate2> combine)
    {
        if (certificate.PublicKey.Oid.Value != kind)
        {
            return null;
        }

        try
        {
            return combine(certificate);
        }
        catch (Exception exception) when (exception is ArgumentException or CryptographicException or InvalidOperationException)
        {
            return null;
        }
    }
}
