namespace Proxy.Configuration.Tls;

/// <summary>A condition for the names in a client's certificate.</summary>
/// <param name="Name">The name, or the part of it that is given.</param>
/// <param name="Form">Which names it stands for.</param>
internal readonly record struct CertificatePattern(CertificateName Name, CertificatePatternForm Form)
{
    /// <summary>What precedes a common name.</summary>
    public const string CommonName = "CN=";

    private const int MaxLength = 1024;

    /// <summary>How specific it is: a name before all patterns, a longer pattern before a shorter one.</summary>
    public int Specificity => Form == CertificatePatternForm.Exact ? int.MaxValue : Name.Text.Length;

    /// <summary>Reads a pattern: an alternative name or <c>CN=</c> and a name, with <c>*</c> at its beginning or its end.</summary>
    /// <param name="text">The text.</param>
    /// <param name="pattern">The pattern.</param>
    /// <returns>Whether the text is one.</returns>
    public static bool TryParse(string text, out CertificatePattern pattern)
    {
        pattern = default;
        var isCommonName = text.StartsWith(CommonName, StringComparison.OrdinalIgnoreCase);
        var rest = isCommonName ? text[CommonName.Length..] : text;
        var form =
            rest.StartsWith('*') ? CertificatePatternForm.End
            : rest.EndsWith('*') ? CertificatePatternForm.Beginning
            : CertificatePatternForm.Exact;
        var name = form switch
        {
            CertificatePatternForm.End => rest[1..],
            CertificatePatternForm.Beginning => rest[..^1],
            _ => rest,
        };
        if (
            name.Length == 0
            || name.Length > MaxLength
            || name.Contains('*', StringComparison.Ordinal)
            || !name.All(letter => letter is > ' ' and <= '~' || (letter == ' ' && isCommonName))
        )
        {
            return false;
        }

        var kind =
            isCommonName ? CertificateNameKind.CommonName
            : name.Contains('@', StringComparison.Ordinal) && !name.Contains("://", StringComparison.Ordinal) ? CertificateNameKind.Email
            : name.Contains(':', StringComparison.Ordinal) ? CertificateNameKind.Uri
            : CertificateNameKind.Dns;
        pattern = new(new(kind, kind == CertificateNameKind.Dns ? name.ToLowerInvariant() : name), form);
        return true;
    }

    /// <summary>Whether it stands for a name.</summary>
    public bool Matches(in CertificateName name) =>
        name.Kind == Name.Kind
        && Form switch
        {
            CertificatePatternForm.Beginning => name.Text.StartsWith(Name.Text, StringComparison.Ordinal),
            CertificatePatternForm.End => name.Text.EndsWith(Name.Text, StringComparison.Ordinal),
            _ => name.Text.Equals(Name.Text, StringComparison.Ordinal),
        };

    /// <inheritdoc />
    public override string ToString()
    {
        var prefix = Name.Kind == CertificateNameKind.CommonName ? CommonName : "";
        return Form switch
        {
            CertificatePatternForm.Beginning => $"{prefix}{Name.Text}*",
            CertificatePatternForm.End => $"{prefix}*{Name.Text}",
            _ => $"{prefix}{Name.Text}",
        };
    }
}
