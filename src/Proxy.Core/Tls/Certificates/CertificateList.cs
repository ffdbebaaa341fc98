using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Proxy.Tls.Certificates;

/// <summary>Reads the certificates of PEM files.</summary>
internal static class CertificateList
{
    private static readonly string[] _labels = ["CERTIFICATE", "X509 CERTIFICATE", "TRUSTED CERTIFICATE"];

    /// <summary>The certificates of a file, in its order.</summary>
    /// <exception cref="CertificateException">One cannot be read.</exception>
    public static X509Certificate2Collection Of(string path, IEnumerable<PemBlock> blocks)
    {
        var certificates = new X509Certificate2Collection();
        foreach (var block in blocks.Where(static one => _labels.Contains(one.Label)))
        {
            certificates.Add(Read(path, block, certificates.Count + 1));
        }

        return certificates;
    }

    private static X509Certificate2 Read(string path, PemBlock block, int number)
    {
        try
        {
            var certificate = X509CertificateLoader.LoadCertificate(block.Bytes);
            _ = certificate.NotAfter; // platforms read the fields when they are first used
            return certificate;
        }
        catch (CryptographicException exception)
        {
            throw new CertificateException(
                $"{path}:{block.Line}: certificate {number} of the file is damaged; replace or remove it ({exception.Message.TrimEnd('.')}).",
                exception
            );
        }
    }
}
