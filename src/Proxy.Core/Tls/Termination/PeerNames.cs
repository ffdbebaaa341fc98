using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Proxy.Configuration.Tls;

namespace Proxy.Tls.Termination;

/// <summary>The names in a client's certificate. Those with a character that is not printable ASCII are left out, and so never match anything.</summary>
internal sealed record PeerNames(IReadOnlyList<CertificateName> All)
{
    private const string AlternativeNames = "2.5.29.17";
    private const string CommonName = "2.5.4.3";
    private const int Email = 1;
    private const int Dns = 2;
    private const int Uri = 6;
    private const int Most = 100; // of a certificate with more, those behind are left out

    /// <summary>Those of a client without a certificate.</summary>
    public static PeerNames None { get; } = new([]);

    /// <summary>Reads the names.</summary>
    /// <param name="certificate">The certificate, which was verified; null if there is none.</param>
    public static PeerNames Of(X509Certificate2? certificate)
    {
        if (certificate is null)
        {
            return None;
        }

        var names = new List<CertificateName>();
        if (CommonNameOf(certificate) is { } common)
        {
            Add(names, CertificateNameKind.CommonName, common);
        }

        foreach (var extension in certificate.Extensions.Where(static one => one.Oid?.Value == AlternativeNames))
        {
            try
            {
                ReadAlternatives(extension.RawData, names);
            }
            catch (AsnContentException)
            {
                // Malformed: the names before the fault count.
            }
        }

        return new(names);
    }

    /// <summary>The common name of a certificate; null unless there is exactly one.</summary>
    public static string? CommonNameOf(X509Certificate2 certificate)
    {
        try
        {
            return FindCommonName(certificate.SubjectName);
        }
        catch (CryptographicException)
        {
            return null; // the subject is malformed
        }
    }

    private static string? FindCommonName(X500DistinguishedName subject)
    {
        string? found = null;
        var count = 0;
        foreach (var part in subject.EnumerateRelativeDistinguishedNames())
        {
            if (part.HasMultipleElements)
            {
                return null; // which of them is meant is not certain
            }

            if (part.GetSingleElementType().Value == CommonName)
            {
                if (++count > 1)
                {
                    return null;
                }

                found = part.GetSingleElementValue(); // null if it is no text
            }
        }

        return found;
    }

    // RFC 5280, 4.2.1.6.
    private static void ReadAlternatives(byte[] content, List<CertificateName> names)
    {
        var sequence = new AsnReader(content, AsnEncodingRules.DER).ReadSequence();
        while (sequence.HasData && names.Count < Most)
        {
            var tag = sequence.PeekTag();
            CertificateNameKind? kind =
                tag.TagClass != TagClass.ContextSpecific ? null
                : tag.TagValue == Email ? CertificateNameKind.Email
                : tag.TagValue == Dns ? CertificateNameKind.Dns
                : tag.TagValue == Uri ? CertificateNameKind.Uri
                : null;
            if (kind is { } known)
            {
                Add(names, known, sequence.ReadCharacterString(UniversalTagNumber.IA5String, tag));
            }
            else
            {
                sequence.ReadEncodedValue();
            }
        }
    }

    private static void Add(List<CertificateName> names, CertificateNameKind kind, string text)
    {
        if (text.Length > 0 && text.All(static letter => letter is >= ' ' and <= '~'))
        {
            names.Add(new(kind, kind == CertificateNameKind.Dns ? text.ToLowerInvariant() : text));
        }
    }
}
