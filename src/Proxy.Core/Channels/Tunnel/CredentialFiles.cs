using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Proxy.Configuration.Channels;

namespace Proxy.Channels.Tunnel;

/// <summary>The content of a tunnel's certificate files at one moment.</summary>
internal sealed class CredentialFiles
{
    private const int MostBytes = 4 * 1024 * 1024;
    private const string Begin = "-----BEGIN CERTIFICATE-----";

    private readonly string _certificate;
    private readonly string _key;
    private readonly string _authorities;
    private readonly TunnelConfig _config;

    /// <exception cref="IOException">A file cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">Access to a file is denied.</exception>
    public CredentialFiles(TunnelConfig config)
    {
        _config = config;
        _certificate = Read(config.Certificate!.Path);
        _key = Read(config.Certificate.KeyPath);
        _authorities = Read(config.TrustBundle!);
        // The content is hashed rather than compared by file time: mounted secrets are links whose time never changes, and a copy may keep
        // the time of the file it replaces.
        Stamp = Hash($"{_certificate}\0{_key}\0{_authorities}");
        AuthoritiesStamp = Hash(_authorities);
    }

    /// <summary>A hash that changes when any of the files does.</summary>
    public string Stamp { get; }

    /// <summary>A hash that changes when the authorities do.</summary>
    public string AuthoritiesStamp { get; }

    /// <exception cref="CryptographicException">A file holds no certificate or no key, or they do not belong together.</exception>
    public SslStreamCertificateContext Certificate()
    {
        try
        {
            var shown = new X509Certificate2Collection();
            shown.ImportFromPem(_certificate);
            return SslStreamCertificateContext.Create(X509Certificate2.CreateFromPem(_certificate, _key), shown, offline: true);
        }
        catch (Exception exception) when (exception is ArgumentException or CryptographicException)
        {
            var (certificate, key) = (_config.Certificate!.Path, _config.Certificate.KeyPath);
            throw new CryptographicException($"{certificate} and {key} are no certificate and its key: {exception.Message}", exception);
        }
    }

    /// <exception cref="CryptographicException">The file holds no certificate, or an incomplete one.</exception>
    public X509Certificate2Collection Authorities()
    {
        var authorities = new X509Certificate2Collection();
        authorities.ImportFromPem(_authorities);
        // A file that is half written would be read without its last authorities, and the connections that those vouch for would be cut.
        return authorities.Count > 0 && authorities.Count == _authorities.Split(Begin).Length - 1
            ? authorities
            : throw new CryptographicException($"the trust bundle {_config.TrustBundle} has no certificate, or an incomplete one.");
    }

    private static string Read(string path)
    {
        using var file = File.OpenRead(path);
        if (file.Length > MostBytes)
        {
            throw new IOException($"{path} is larger than {MostBytes} bytes.");
        }

        using var reader = new StreamReader(file);
        return reader.ReadToEnd();
    }

    private static string Hash(string text) => Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
}
