using System.Diagnostics.CodeAnalysis;
using Proxy.Configuration.Reading;

namespace Proxy.Etcd.Documents;

/// <summary>Names of documents that hosts share: as layers they are written <c>etcd:NAME</c>.</summary>
internal static class DocumentName
{
    /// <summary>What a name may be, as a part of a sentence.</summary>
    public const string Form = "letters, digits, '.', '_' and '-', at most 100 of them";

    private const int Most = 100;

    /// <summary>Whether a layer is a document that hosts share, rather than a file.</summary>
    public static bool IsLayer(string layer) => layer.StartsWith(DocumentProvider.EnginePrefix, StringComparison.Ordinal);

    /// <summary>The name in a layer, or in what a user writes for it.</summary>
    /// <param name="text">The name, with <c>etcd:</c> before it or without.</param>
    /// <param name="name">The name alone.</param>
    /// <returns>Whether it can be a name.</returns>
    public static bool TryParse(string text, [NotNullWhen(true)] out string? name)
    {
        name = IsLayer(text) ? text[DocumentProvider.EnginePrefix.Length..] : text;
        if (name.Length is > 0 and <= Most && name.All(static letter => char.IsAsciiLetterOrDigit(letter) || letter is '.' or '_' or '-'))
        {
            return true;
        }

        name = null;
        return false;
    }

    /// <summary>The layer of a name.</summary>
    public static string Layer(string name) => DocumentProvider.EnginePrefix + name;
}
