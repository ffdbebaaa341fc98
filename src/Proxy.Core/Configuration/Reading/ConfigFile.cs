namespace Proxy.Configuration.Reading;

/// <summary>A configuration document, as it is now: a file, or one that hosts share.</summary>
/// <param name="Path">The path as the user wrote it, or the name of a document that hosts share.</param>
/// <param name="Exists">Whether it exists and can be read.</param>
/// <param name="ModifiedAt">When it was last written; null if it does not exist, or is not a file.</param>
/// <param name="Text">Its text, with secrets and comments masked; null if it is not valid JSON, or larger than 4 MiB.</param>
public sealed record ConfigFile(string Path, bool Exists, DateTimeOffset? ModifiedAt, string? Text)
{
    /// <summary>The longest document whose text is shown.</summary>
    internal const int MaxBytes = 4 << 20;

    /// <summary>The revision of the engine that wrote it, for a document that hosts share; null for a file.</summary>
    public long? Revision { get; init; }

    internal static ConfigFile Read(string path, SecretPlace root)
    {
        try
        {
            var file = new FileInfo(path);
            if (!file.Exists || FileKind.IsSpecial(path))
            {
                return new(path, file.Exists, null, null);
            }

            var text = file.Length <= MaxBytes ? SecretText.Mask(File.ReadAllBytes(path), root) : null;
            return new(path, Exists: true, file.LastWriteTimeUtc, text);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return new(path, Exists: false, null, null);
        }
    }
}
