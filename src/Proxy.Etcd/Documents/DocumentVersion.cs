using System.IO.Compression;
using System.Text.Json;
using Proxy.Etcd.Client;

namespace Proxy.Etcd.Documents;

/// <summary>A version of a document, as the history has it: a line about it in JSON, then its text, compressed by gzip.</summary>
/// <param name="Revision">The revision of the engine that wrote it.</param>
/// <param name="By">Who wrote it; null if it was not written by this program.</param>
/// <param name="At">When, by the clock of that machine; null if it was not written by this program.</param>
/// <param name="Bytes">The length of the text.</param>
/// <param name="IsCurrent">Whether it is the present one.</param>
internal sealed record DocumentVersion(long Revision, string? By, DateTimeOffset? At, int Bytes, bool IsCurrent)
{
    /// <summary>Writes an entry of the history.</summary>
    /// <param name="text">The text.</param>
    /// <param name="by">Who wrote it; null if that is not known.</param>
    /// <param name="at">When; null if that is not known.</param>
    /// <param name="revision">The revision that wrote it; null for the one that writes this entry.</param>
    public static byte[] Write(byte[] text, string? by, DateTimeOffset? at, long? revision)
    {
        using var entry = new MemoryStream();
        entry.Write(JsonSerializer.SerializeToUtf8Bytes(new About(by, at, text.Length, revision)));
        entry.WriteByte((byte)'\n');
        using (var gzip = new GZipStream(entry, CompressionLevel.SmallestSize, leaveOpen: true))
        {
            gzip.Write(text);
        }

        return entry.ToArray();
    }

    /// <summary>Reads what an entry says of its version; null if it is damaged.</summary>
    public static DocumentVersion? Read(StoredKey entry, long current)
    {
        if (Parse(entry.Value.Span, out _) is not { } about)
        {
            return null;
        }

        var revision = about.Revision ?? entry.ModRevision;
        return new(revision, about.By, about.At, about.Bytes, revision == current);
    }

    /// <summary>Reads the text of an entry; null if it is damaged.</summary>
    public static byte[]? ReadText(StoredKey entry)
    {
        if (Parse(entry.Value.Span, out var start) is not { Bytes: >= 0 and <= DocumentStore.MaxBytes } about)
        {
            return null;
        }

        try
        {
            using var gzip = new GZipStream(new MemoryStream(entry.Value[start..].ToArray()), CompressionMode.Decompress);
            var text = new byte[about.Bytes];
            return gzip.ReadAtLeast(text, text.Length, throwOnEndOfStream: false) == text.Length && gzip.ReadByte() < 0 ? text : null;
        }
        catch (InvalidDataException)
        {
            return null;
        }
    }

    private static About? Parse(ReadOnlySpan<byte> value, out int start)
    {
        start = value.IndexOf((byte)'\n') + 1;
        try
        {
            return start == 0 ? null : JsonSerializer.Deserialize<About>(value[..start]);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private sealed record About(string? By, DateTimeOffset? At, int Bytes, long? Revision);
}
