using Microsoft.Extensions.Configuration;

namespace Proxy.Configuration;

/// <summary>
/// Reads a JSON file and polls it. A malformed, half-written, deleted or unreadable file leaves the last good content in place and
/// sets <see cref="Problem"/>; the next good content clears it.
/// </summary>
public sealed class JsonFileProvider : ConfigurationProvider, IDisposable
{
    private const int MostBytes = 64 * 1024 * 1024;
    private static readonly TimeSpan _poll = TimeSpan.FromSeconds(2);
    private readonly Lock _gate = new(); // guards all state
    private readonly ITimer _timer;
    private byte[]? _content;
    private Dictionary<string, int> _lines = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Starts polling.</summary>
    /// <param name="file">The file.</param>
    /// <param name="time">Drives the polling.</param>
    public JsonFileProvider(string file, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(time);
        File = file;
        _timer = time.CreateTimer(static state => ((JsonFileProvider)state!).Load(), this, _poll, _poll);
    }

    /// <summary>The file.</summary>
    public string File { get; }

    /// <summary>Why the file's content is not what this provider has; null when it is.</summary>
    public ConfigProblem? Problem { get; private set; }

    /// <summary>Reads the file now. Never throws; tells of a reload when anything changed, a problem included.</summary>
    public override void Load()
    {
        lock (_gate)
        {
            if (!TryRead())
            {
                return;
            }
        }

        try
        {
            OnReload();
        }
        catch (AggregateException)
        {
            // A listener's fault must not end the polling.
        }
    }

    /// <summary>The line of a key.</summary>
    /// <param name="path">The key, joined by colons.</param>
    /// <returns>From 1; null when the file does not have it.</returns>
    public int? LineOf(string path)
    {
        lock (_gate)
        {
            return _lines.TryGetValue(path, out var line) ? line : null;
        }
    }

    /// <inheritdoc />
    public void Dispose() => _timer.Dispose();

    private bool TryRead()
    {
        byte[] content;
        try
        {
            content =
                new FileInfo(File).Length <= MostBytes ? System.IO.File.ReadAllBytes(File) : throw new IOException("larger than 64 MiB.");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            _content = null;
            return Fail(new ConfigProblem("", $"the file cannot be read: {exception.Message}", File));
        }

        if (_content is not null && content.AsSpan().SequenceEqual(_content))
        {
            return false;
        }

        _content = content;
        var parsed = JsonFlattener.Flatten(content, File);
        if (parsed.Problem is { } problem)
        {
            return Fail(problem);
        }

        Data = parsed.Values;
        _lines = parsed.Lines;
        Problem = null;
        return true;
    }

    private bool Fail(ConfigProblem problem)
    {
        var changed = problem != Problem;
        Problem = problem;
        return changed;
    }
}
