using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.Extensions.Logging;

namespace Proxy.Etcd.Documents;

/// <summary>
/// The last good content of a document on disk, for a start while the engine is away: a line about it, then its text. Only the user of the program may read it. One that is
/// torn, or of another document, is not used.
/// </summary>
/// <param name="path">The file.</param>
/// <param name="key">The key of the document in the engine.</param>
/// <param name="logger">The log.</param>
internal sealed partial class KeptCopy(string path, string key, ILogger logger)
{
    private const long MaxBytes = 64 << 20;

    private DocumentText? _saved;
    private bool _failed;

    /// <summary>The file.</summary>
    public string Path => path;

    /// <summary>The file of a document.</summary>
    /// <param name="folder">The folder of such files.</param>
    /// <param name="name">The name of the document.</param>
    public static string PathOf(string folder, string name) => System.IO.Path.Combine(folder, $"engine.{name}.kept");

    /// <summary>Reads it.</summary>
    /// <returns>The content; null if there is none that can be used.</returns>
    public DocumentText? Load()
    {
        try
        {
            if (!File.Exists(path))
            {
                return null;
            }

            if (new FileInfo(path).Length > MaxBytes)
            {
                throw new IOException($"it is larger than {MaxBytes} bytes.");
            }

            var all = File.ReadAllBytes(path);
            var end = all.AsSpan().IndexOf((byte)'\n');
            var text = all[(end + 1)..];
            var about = end < 0 ? null : JsonSerializer.Deserialize<About>(all.AsSpan(0, end));
            if (about is null || about.Key != key || about.Sha256 != Hash(text))
            {
                throw new IOException(about is not null && about.Key != key ? $"it is of {about.Key}, not of {key}." : "it is not whole.");
            }

            return new(text, about.Revision);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or JsonException)
        {
            Log.Unusable(logger, path, exception is JsonException ? "it is not whole." : exception.Message);
            return null;
        }
    }

    /// <summary>Writes it, unless it is there already: in another file first, which then takes its place.</summary>
    public void Save(DocumentText content)
    {
        if (ReferenceEquals(content, _saved))
        {
            return;
        }

        var fresh = $"{path}.{Environment.ProcessId}.new";
        try
        {
            File.Delete(fresh);
            Write(fresh, content);
            File.Move(fresh, path, overwrite: true);
            _saved = content;
            if (_failed)
            {
                Log.Written(logger, path);
            }

            _failed = false;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            if (!_failed)
            {
                Log.Unwritable(logger, path, exception.Message);
            }

            _failed = true;
        }
    }

    private void Write(string file, DocumentText content)
    {
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        using var stream = new FileStream(file, options);
        stream.Write(JsonSerializer.SerializeToUtf8Bytes(new About(key, content.Revision, Hash(content.Bytes))));
        stream.WriteByte((byte)'\n');
        stream.Write(content.Bytes);
        stream.Flush(flushToDisk: true);
    }

    private static string Hash(byte[] text) => Convert.ToHexStringLower(SHA256.HashData(text));

    private sealed record About(string Key, long Revision, string Sha256);

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "{Path} cannot be used as the kept copy of a document: {Reason}")]
        public static partial void Unusable(ILogger logger, string path, string reason);

        [LoggerMessage(LogLevel.Warning, "{Path} cannot be written, so that a start while the engine is away would fail: {Reason}")]
        public static partial void Unwritable(ILogger logger, string path, string reason);

        [LoggerMessage(LogLevel.Information, "{Path} can be written again, and is.")]
        public static partial void Written(ILogger logger, string path);
    }
}
