using System.Diagnostics.CodeAnalysis;
using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Proxy.Configuration.Channels;

namespace Proxy.Channels.Tunnel;

/// <summary>
/// The identity of an instance in its certificate: the URI spiffe://{domain}/c/{group}/i/{instance} (SPIFFE ID), which must be the only URI
/// name.
/// </summary>
/// <param name="TrustDomain">The trust domain.</param>
/// <param name="Group">The group.</param>
/// <param name="Instance">The instance id.</param>
internal sealed record TunnelIdentity(string TrustDomain, string Group, string Instance)
{
    private const string SubjectAlternativeName = "2.5.29.17";
    private const int UriName = 6;

    public override string ToString() => $"spiffe://{TrustDomain}/c/{Group}/i/{Instance}";

    /// <summary>Reads the identity from a certificate that has exactly one.</summary>
    public static bool TryRead(X509Certificate2 certificate, [NotNullWhen(true)] out TunnelIdentity? identity)
    {
        identity = null;
        return Uris(certificate) is [var uri] && TryParse(uri, out identity);
    }

    /// <summary>Parses an identity.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out TunnelIdentity? identity)
    {
        identity =
            text.Split('/') is ["spiffe:", "", { Length: > 0 } domain, "c", var group, "i", var instance]
            && ChannelNames.IsValid(group)
            && ChannelNames.IsValid(instance)
                ? new TunnelIdentity(domain, group, instance)
                : null;
        return identity is not null;
    }

    private static List<string> Uris(X509Certificate2 certificate)
    {
        try
        {
            return
            [
                .. certificate
                    .Extensions.Where(static extension => extension.Oid?.Value == SubjectAlternativeName)
                    .SelectMany(static extension => Uris(extension.RawData)),
            ];
        }
        catch (Exception exception) when (exception is AsnContentException or CryptographicException)
        {
            return []; // no subject alternative name
        }
    }

    // SubjectAltName ::= SEQUENCE OF GeneralName; uniformResourceIdentifier [6] IA5String (RFC 5280, 4.2.1.6).
    private static List<string> Uris(byte[] names)
    {
        var uris = new List<string>();
        var reader = new AsnReader(names, AsnEncodingRules.DER).ReadSequence();
        while (reader.HasData)
        {
            var tag = reader.PeekTag();
            if (tag.HasSameClassAndValue(new Asn1Tag(TagClass.ContextSpecific, UriName)))
            {
                uris.Add(reader.ReadCharacterString(UniversalTagNumber.IA5String, tag));
            }
            else
            {
                _ = reader.ReadEncodedValue();
            }
        }

        return uris;
    }
}
