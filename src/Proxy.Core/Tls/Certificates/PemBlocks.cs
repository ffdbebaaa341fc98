using System.Text;

namespace Proxy.Tls.Certificates;

/// <summary>A block of a PEM file (RFC 7468).</summary>
/// <param name="Label">What it holds, such as CERTIFICATE.</param>
/// <param name="Line">The line in which it begins, from 1.</param>
/// <param name="Text">Its lines, the first and the last included.</param>
/// <param name="Bytes">What it encodes.</param>
internal sealed record PemBlock(string Label, int Line, string Text, byte[] Bytes);

/// <summary>
/// Finds the blocks of a PEM file. Text before, between and behind them is skipped, and a block that is incomplete or damaged is an error: the platform's
/// own reading skips it, and a file that is half written would count as one with fewer certificates.
/// </summary>
internal static class PemBlocks
{
    private const string Begin = "-----BEGIN ";
    private const string End = "-----END ";
    private const string Dashes = "-----";

    /// <summary>Whether a file is PEM rather than binary.</summary>
    public static bool Are(ReadOnlySpan<byte> content) => content.IndexOf("-----BEGIN "u8) >= 0;

    /// <exception cref="CertificateException">A block is incomplete or damaged.</exception>
    public static List<PemBlock> Read(string path, byte[] content)
    {
        // Latin-1 has a character for every byte, so that text in any encoding can be skipped.
        var lines = Encoding.Latin1.GetString(content).Split('\n');
        var blocks = new List<PemBlock>();
        for (var i = 0; i < lines.Length; i++)
        {
            if (LabelOf(lines[i], Begin) is not { } label)
            {
                continue;
            }

            var end = i + 1;
            while (end < lines.Length && LabelOf(lines[end], Begin) is null && LabelOf(lines[end], End) is null)
            {
                end++;
            }

            if (end == lines.Length || LabelOf(lines[end], End) != label)
            {
                throw new CertificateException(
                    $"{path}:{i + 1}: the block '{label}' has no end; the file may be half written. A line -----END {label}----- is missing."
                );
            }

            blocks.Add(Decode(path, label, lines, i, end));
            i = end;
        }

        return blocks;
    }

    private static PemBlock Decode(string path, string label, string[] lines, int begin, int end)
    {
        var text = string.Join('\n', lines[begin..(end + 1)].Select(static line => line.Trim()));
        if (lines[(begin + 1)..end].Any(static line => line.Contains(':', StringComparison.Ordinal)))
        {
            throw new CertificateException(
                $"{path}:{begin + 1}: the block '{label}' is encrypted in an old form that is no standard; "
                    + "convert the key, for example with: openssl pkcs8 -topk8 -in old.key -out new.key"
            );
        }

        try
        {
            return new(label, begin + 1, text, Convert.FromBase64String(string.Concat(lines[(begin + 1)..end])));
        }
        catch (FormatException exception)
        {
            throw new CertificateException($"{path}:{begin + 1}: the block '{label}' is damaged: it is not base64.", exception);
        }
    }

    private static string? LabelOf(string line, string before)
    {
        var start = line.IndexOf(before, StringComparison.Ordinal);
        if (start < 0)
        {
            return null;
        }

        var label = start + before.Length;
        var length = line.AsSpan(label).IndexOf(Dashes, StringComparison.Ordinal);
        return length < 0 ? null : line.Substring(label, length);
    }
}
