using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Proxy.Configuration.Tls;

namespace Proxy.Tls.Certificates;

/// <summary>Makes a certificate of the content of its files.</summary>
internal static class CertificateReader
{
    /// <exception cref="CertificateException">The files are no certificate and its key.</exception>
    public static LoadedCertificate Read(CertificateConfig config, byte[] certificate, byte[]? key)
    {
        try
        {
            var chain = new X509Certificate2Collection();
            X509Certificate2 leaf;
            if (certificate.AsSpan().IndexOf("-----BEGIN "u8) >= 0)
            {
                var text = Encoding.Latin1.GetString(certificate);
                var keyText = key is null ? text : Encoding.Latin1.GetString(key);
                chain.ImportFromPem(text);
                leaf = config.Password is { } password
                    ? X509Certificate2.CreateFromEncryptedPem(text, keyText, password)
                    : X509Certificate2.CreateFromPem(text, keyText);
            }
            else
            {
                chain = X509CertificateLoader.LoadPkcs12Collection(certificate, config.Password);
                leaf = chain.First(static one => one.HasPrivateKey);
            }

            return new(SslStreamCertificateContext.Create(leaf, chain, offline: true));
        }
        catch (Exception exception) when (exception is ArgumentException or CryptographicException or InvalidOperationException)
        {
            throw new CertificateException($"{config.Path} is no certificate with its key: {exception.Message}", exception);
        }
    }
}
