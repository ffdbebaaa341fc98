using System.Formats.Asn1;
using System.Security.Cryptography;

namespace Proxy.Tls.Certificates;

/// <summary>How a list is signed.</summary>
/// <param name="Hash">The hash.</param>
/// <param name="RsaPadding">The padding of RSA; null for ECDSA.</param>
internal sealed record SignatureAlgorithm(HashAlgorithmName Hash, RSASignaturePadding? RsaPadding);

/// <summary>What a revocation list says (RFC 5280, 5.1). .NET can write such lists, and reads them only to write new ones.</summary>
internal sealed class RevocationListContent
{
    private const string AuthorityKey = "2.5.29.35";
    private const string Number = "2.5.29.20";
    private const string DeltaOf = "2.5.29.27";
    private const string Part = "2.5.29.28";
    private static readonly Asn1Tag _extensions = new(TagClass.ContextSpecific, 0);

    private static readonly Dictionary<string, SignatureAlgorithm> _algorithms = new(StringComparer.Ordinal)
    {
        ["1.2.840.113549.1.1.11"] = new(HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1),
        ["1.2.840.113549.1.1.12"] = new(HashAlgorithmName.SHA384, RSASignaturePadding.Pkcs1),
        ["1.2.840.113549.1.1.13"] = new(HashAlgorithmName.SHA512, RSASignaturePadding.Pkcs1),
        ["1.2.840.10045.4.3.2"] = new(HashAlgorithmName.SHA256, null),
        ["1.2.840.10045.4.3.3"] = new(HashAlgorithmName.SHA384, null),
        ["1.2.840.10045.4.3.4"] = new(HashAlgorithmName.SHA512, null),
    };

    /// <summary>Reads a list.</summary>
    /// <param name="encoded">The list, in DER.</param>
    /// <exception cref="AsnContentException">It is damaged.</exception>
    /// <exception cref="NotSupportedException">It says something that cannot be followed.</exception>
    public RevocationListContent(ReadOnlyMemory<byte> encoded)
    {
        var outer = new AsnReader(encoded, AsnEncodingRules.DER);
        var list = outer.ReadSequence();
        outer.ThrowIfNotEmpty();
        Signed = list.PeekEncodedValue();
        var signed = list.ReadSequence();
        var algorithm = list.ReadSequence().ReadObjectIdentifier();
        Algorithm =
            _algorithms.GetValueOrDefault(algorithm)
            ?? throw new NotSupportedException($"is signed with {algorithm}; RSA or ECDSA with SHA-256, SHA-384 or SHA-512 is needed");
        Signature = list.ReadBitString(out _);
        list.ThrowIfNotEmpty();
        if (signed.PeekTag().HasSameClassAndValue(Asn1Tag.Integer))
        {
            signed.ReadInteger(); // the version
        }

        if (signed.ReadSequence().ReadObjectIdentifier() != algorithm)
        {
            throw new AsnContentException("The two algorithms of the signature differ.");
        }

        Issuer = signed.ReadEncodedValue();
        ThisUpdate = ReadTime(signed);
        NextUpdate = IsTime(signed) ? ReadTime(signed) : null;
        if (signed.HasData && signed.PeekTag().HasSameClassAndValue(Asn1Tag.Sequence))
        {
            ReadRevoked(signed.ReadSequence());
        }

        if (signed.HasData)
        {
            ReadExtensions(signed.ReadSequence(_extensions).ReadSequence(), CheckOfList);
        }

        signed.ThrowIfNotEmpty();
    }

    /// <summary>What is signed.</summary>
    public ReadOnlyMemory<byte> Signed { get; }

    /// <summary>The signature.</summary>
    public ReadOnlyMemory<byte> Signature { get; }

    /// <summary>How it is signed.</summary>
    public SignatureAlgorithm Algorithm { get; }

    /// <summary>The name of the authority, encoded.</summary>
    public ReadOnlyMemory<byte> Issuer { get; }

    /// <summary>Since when it is valid.</summary>
    public DateTimeOffset ThisUpdate { get; }

    /// <summary>When a newer list will be there.</summary>
    public DateTimeOffset? NextUpdate { get; }

    /// <summary>When which certificate was revoked, by <see cref="Key"/> of its serial number.</summary>
    public Dictionary<string, DateTimeOffset> Revoked { get; } = new(StringComparer.Ordinal);

    /// <summary>A serial number as it is looked up.</summary>
    public static string Key(ReadOnlySpan<byte> serialNumber) => Convert.ToHexString(serialNumber.TrimStart((byte)0));

    private void ReadRevoked(AsnReader entries)
    {
        while (entries.HasData)
        {
            var entry = entries.ReadSequence();
            var serialNumber = entry.ReadIntegerBytes();
            Revoked[Key(serialNumber.Span)] = ReadTime(entry);
            if (entry.HasData)
            {
                ReadExtensions(entry.ReadSequence(), CheckOfEntry);
            }
        }
    }

    private static void ReadExtensions(AsnReader extensions, Action<string, bool> check)
    {
        while (extensions.HasData)
        {
            var extension = extensions.ReadSequence();
            var id = extension.ReadObjectIdentifier();
            check(id, extension.PeekTag().HasSameClassAndValue(Asn1Tag.Boolean) && extension.ReadBoolean());
        }
    }

    // A list that has only a part of what is revoked would let the rest pass.
    private static void CheckOfList(string id, bool isCritical)
    {
        if (id is DeltaOf or Part)
        {
            throw new NotSupportedException("has only a part of what its authority has revoked; use the complete list");
        }

        if (isCritical && id is not (AuthorityKey or Number))
        {
            throw new NotSupportedException($"has a critical extension that is not understood, {id}");
        }
    }

    private static void CheckOfEntry(string id, bool isCritical)
    {
        if (isCritical)
        {
            throw new NotSupportedException(
                $"has an entry with a critical extension that is not understood, {id}; it may be of another authority"
            );
        }
    }

    private static bool IsTime(AsnReader reader) =>
        reader.HasData
        && (reader.PeekTag().HasSameClassAndValue(Asn1Tag.UtcTime) || reader.PeekTag().HasSameClassAndValue(Asn1Tag.GeneralizedTime));

    private static DateTimeOffset ReadTime(AsnReader reader) =>
        reader.PeekTag().HasSameClassAndValue(Asn1Tag.UtcTime) ? reader.ReadUtcTime() : reader.ReadGeneralizedTime();
}
