using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Proxy.Tls.Certificates;

/// <summary>The certificates that an authority has revoked (RFC 5280, 5), signed by it.</summary>
internal sealed class RevocationList(RevocationListContent content, string path)
{
    private const int MostIssuers = 16;

    // Of those whose signature it is: a list of four MiB takes ten milliseconds to verify.
    private readonly ConcurrentDictionary<string, bool> _verified = new(StringComparer.Ordinal);

    /// <summary>The authority's name, as it is encoded.</summary>
    public ReadOnlyMemory<byte> Issuer => content.Issuer;

    /// <summary>Since when it is valid.</summary>
    public DateTimeOffset ThisUpdate => content.ThisUpdate;

    /// <summary>When a newer list will be there; null if the list does not say.</summary>
    public DateTimeOffset? NextUpdate => content.NextUpdate;

    /// <summary>The number of certificates in it.</summary>
    public int Count => content.Revoked.Count;

    /// <summary>The file.</summary>
    public string Path => path;

    /// <summary>When a certificate was revoked; null if it was not.</summary>
    public DateTimeOffset? RevokedAt(X509Certificate2 certificate) =>
        content.Revoked.TryGetValue(RevocationListContent.Key(certificate.SerialNumberBytes.Span), out var at) ? at : null;

    /// <summary>Whether an authority has signed it, and may sign lists.</summary>
    public bool IsFrom(X509Certificate2 issuer)
    {
        if (!issuer.SubjectName.RawData.AsSpan().SequenceEqual(content.Issuer.Span))
        {
            return false;
        }

        var key = issuer.Thumbprint;
        if (_verified.ContainsKey(key))
        {
            return true;
        }

        var isFrom =
            issuer.Extensions.OfType<X509KeyUsageExtension>().All(static usage => usage.KeyUsages.HasFlag(X509KeyUsageFlags.CrlSign))
            && Verify(issuer);
        if (isFrom && _verified.Count < MostIssuers)
        {
            _verified.TryAdd(key, true);
        }

        return isFrom;
    }

    private bool Verify(X509Certificate2 issuer)
    {
        try
        {
            var signed = content.Signed.Span;
            var signature = content.Signature.Span;
            if (content.Algorithm.RsaPadding is { } padding)
            {
                using var rsa = issuer.GetRSAPublicKey();
                return rsa?.VerifyData(signed, signature, content.Algorithm.Hash, padding) is true;
            }

            using var ecdsa = issuer.GetECDsaPublicKey();
            return ecdsa?.VerifyData(signed, signature, content.Algorithm.Hash, DSASignatureFormat.Rfc3279DerSequence) is true;
        }
        catch (CryptographicException)
        {
            return false;
        }
    }
}
