using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Proxy.Configuration.Channels;

namespace Proxy.Channels.Tunnel;

/// <summary>What is in the files of a tunnel's certificates, at one moment.</summary>
internal sealed class CredentialFiles
{
    private const int MostBytes = 4 * 1024 * 1024;
    private const string Begin = "-----BEGIN CERTIFICATE-----";

    private readonly string _certificate;
    private readonly string _key;
    private readonly string _authorities;

    /// <exception cref="IOException">One cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">One may not be read.</exception>
    public CredentialFiles(TunnelConfig config)
    {
        _certificate = Read(config.Certificate!.Path);
        _key = Read(config.Certificate.KeyPath);
        _authorities = Read(config.TrustBundle!);
        // Not the time of the files: mounted secrets are links that never change, and a copy may keep the time of what it replaces.
        Stamp = Hash($"{_certificate}\0{_key}\0{_authorities}");
        AuthoritiesStamp = Hash(_authorities);
    }

    /// <summary>Another one when anything differs.</summary>
    public string Stamp { get; }

    /// <summary>Another one when the authorities differ.</summary>
    public string AuthoritiesStamp { get; }

    /// <exception cref="ArgumentException">The key is another certificate's.</exception>
    /// <exception cref="CryptographicException">One of them is none.</exception>
    public SslStreamCertificateContext Certificate()
    {
        var shown = new X509Certificate2Collection();
        shown.ImportFromPem(_certificate);
        return SslStreamCertificateContext.Create(X509Certificate2.CreateFromPem(_certificate, _key), shown, offline: true);
    }

    /// <exception cref="CryptographicException">There is none, or half of one.</exception>
    public X509Certificate2Collection Authorities()
    {
        var authorities = new X509Certificate2Collection();
        authorities.ImportFromPem(_authorities);
        // What is half written is left out in silence, and all that it vouches for would be cut.
        return authorities.Count > 0 && authorities.Count == _authorities.Split(Begin).Length - 1
            ? authorities
            : throw new CryptographicException("the trust bundle has no certificate, or half of one.");
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
