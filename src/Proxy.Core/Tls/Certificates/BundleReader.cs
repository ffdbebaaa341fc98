using System.Formats.Asn1;
using System.Security.Cryptography.X509Certificates;

namespace Proxy.Tls.Certificates;

/// <summary>Reads files of authorities and of revocation lists.</summary>
internal static class BundleReader
{
    private const string ListLabel = "X509 CRL";

    /// <summary>The authorities of a PEM file.</summary>
    /// <exception cref="CertificateException">There is none, or one is damaged.</exception>
    public static X509Certificate2Collection Authorities(string path, byte[] content)
    {
        var blocks = PemBlocks.Are(content)
            ? PemBlocks.Read(path, content)
            : throw new CertificateException($"{path} is no PEM file; authorities are blocks that begin with -----BEGIN CERTIFICATE-----.");
        var authorities = CertificateList.Of(path, blocks);
        return authorities.Count > 0
            ? authorities
            : throw new CertificateException(
                $"{path} has no certificate; authorities are blocks that begin with -----BEGIN CERTIFICATE-----."
            );
    }

    /// <summary>The lists of a file: PEM, or DER one behind the other.</summary>
    /// <param name="path">The file.</param>
    /// <param name="content">Its content.</param>
    /// <param name="authorities">The known authorities; lists of others are verified once a peer sends their certificates.</param>
    /// <exception cref="CertificateException">There is none, one is damaged, or an authority has not signed one that has its name.</exception>
    public static IReadOnlyList<RevocationList> Lists(string path, byte[] content, X509Certificate2Collection authorities)
    {
        var encoded = PemBlocks.Are(content)
            ?
            [
                .. PemBlocks
                    .Read(path, content)
                    .Where(static one => one.Label == ListLabel)
                    .Select(static one => (ReadOnlyMemory<byte>)one.Bytes),
            ]
            : Split(path, content);
        if (encoded.Count == 0)
        {
            throw new CertificateException($"{path} has no revocation list; lists are blocks that begin with -----BEGIN {ListLabel}-----.");
        }

        var lists = encoded.Index().Select(one => Read(path, one.Item, one.Index + 1)).ToList();
        foreach (var (index, list) in lists.Index())
        {
            var named = authorities.Where(one => one.SubjectName.RawData.AsSpan().SequenceEqual(list.Issuer.Span)).ToList();
            if (named.Count > 0 && !named.Exists(list.IsFrom))
            {
                throw new CertificateException(
                    $"{path}: list {index + 1} has the name of '{CertificateText.Subject(named[0])}', which has not signed it or may not sign lists."
                );
            }
        }

        return lists;
    }

    private static RevocationList Read(string path, ReadOnlyMemory<byte> encoded, int number)
    {
        try
        {
            return new(new(encoded), path);
        }
        catch (NotSupportedException exception)
        {
            throw new CertificateException($"{path}: list {number} {exception.Message}.", exception);
        }
        catch (AsnContentException exception)
        {
            throw new CertificateException($"{path}: list {number} is damaged, or is no revocation list.", exception);
        }
    }

    private static List<ReadOnlyMemory<byte>> Split(string path, byte[] content)
    {
        try
        {
            var lists = new List<ReadOnlyMemory<byte>>();
            for (var reader = new AsnReader(content, AsnEncodingRules.DER); reader.HasData; )
            {
                lists.Add(reader.ReadEncodedValue());
            }

            return lists;
        }
        catch (AsnContentException exception)
        {
            throw new CertificateException($"{path} is neither PEM (-----BEGIN {ListLabel}-----) nor a complete list in DER.", exception);
        }
    }
}
