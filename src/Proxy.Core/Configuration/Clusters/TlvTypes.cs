using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Proxy.Configuration.Reading;

namespace Proxy.Configuration.Clusters;

/// <summary>Types of the values of PROXY protocol headers. Immutable.</summary>
internal sealed class TlvTypes
{
    private const string All = "All";
    private const string Prefix = "0x";
    private const byte Checksum = 0x03;
    private const byte NoOperation = 0x04;

    private readonly bool[] _types = new bool[byte.MaxValue + 1];

    /// <summary>No type.</summary>
    public static TlvTypes None { get; } = new();

    /// <summary>Parses validated types.</summary>
    public static TlvTypes Parse(IReadOnlyList<string> texts)
    {
        if (texts.Count == 0)
        {
            return None;
        }

        var types = new TlvTypes();
        foreach (var text in texts)
        {
            if (text.Equals(All, StringComparison.OrdinalIgnoreCase))
            {
                Array.Fill(types._types, true);
            }
            else if (TryParse(text, out var type, out _))
            {
                types._types[type] = true;
            }
        }

        types._types[Checksum] = types._types[NoOperation] = false; // of the header that they came with
        return types;
    }

    /// <summary>Whether a type is one of them.</summary>
    public bool Contains(byte type) => _types[type];

    /// <summary>Checks the types of a cluster.</summary>
    public static void Check(TcpClusterConfig config, string path, ProblemList problems)
    {
        foreach (var (index, text) in config.PassTlvs.Index())
        {
            if (!text.Equals(All, StringComparison.OrdinalIgnoreCase) && !TryParse(text, out _, out var error))
            {
                problems.Error($"{path}:PassTlvs:{index}", error);
            }
        }

        if (config.PassTlvs.Count > 0 && config.SendProxyProtocol != ProxyProtocolVersion.V2)
        {
            problems.Consequence(
                $"{path}:PassTlvs",
                "is for headers of version 2; set SendProxyProtocol to 'V2', or leave it out.",
                $"{path}:SendProxyProtocol"
            );
        }
    }

    private static bool TryParse(string text, out byte type, [NotNullWhen(false)] out string? error)
    {
        type = 0;
        error =
            text.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase)
            && byte.TryParse(text.AsSpan(Prefix.Length), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out type)
                ? type is Checksum or NoOperation
                    ? $"'{text}' belongs to the header that it came with; leave it out."
                    : null
                : $"'{ScalarReader.Shorten(text)}' is no type; write '0x' and two hexadecimal digits, such as '0xEA', or 'All'.";
        return error is null;
    }
}
