namespace Proxy.Configuration.Reading;

/// <summary>Reads a JSON file, watches it, and keeps its last valid content.</summary>
public sealed class JsonFileProvider : DocumentProvider, IDisposable
{
    private const int MaxBytes = 64 << 20;
    private static readonly TimeSpan _pollInterval = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan _debounce = TimeSpan.FromMilliseconds(100);

    // Held from reading the file until listeners were notified of the change: when a load returns, a change that a poll has just read is known to
    // the listeners too, and the caller of the load can wait until it is applied.
    private readonly Lock _turn = new();
    private readonly Lock _gate = new(); // guards _content, _timer and _watcher
    private readonly JsonFileSource _source;
    private byte[]? _content;
    private ITimer? _timer;
    private FileSystemWatcher? _watcher;
    private bool _disposed;

    internal JsonFileProvider(JsonFileSource source) => _source = source;

    /// <summary>The path of the file, as the user wrote it.</summary>
    public string File => _source.Path;

    /// <inheritdoc />
    public override string Name => _source.Path;

    /// <summary>
    /// Whether the file was replaced where a bind mount of this path comes from: the mount keeps the old file, so that no edit arrives until
    /// the container is started again.
    /// </summary>
    public bool IsReplaced { get; private set; }

    internal override string? LocalFile => _source.Path;

    /// <summary>Reads the file again.</summary>
    public override void Load()
    {
        lock (_turn)
        {
            bool changed;
            lock (_gate)
            {
                changed = Reload() && _timer is not null;
                StartWatching();
            }

            if (changed)
            {
                Notify();
            }
        }
    }

    /// <summary>Stops watching.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _disposed = true;
            _timer?.Dispose();
            _watcher?.Dispose();
        }
    }

    internal override ConfigFile Describe(SecretPlace root) => ConfigFile.Read(File, root);

    internal override DocumentProvider Newest()
    {
        var fresh = new JsonFileProvider(new JsonFileSource(File) { Watch = false });
        fresh.Load();
        return fresh.Problem is null ? fresh : this;
    }

    private bool Reload()
    {
        var wasReplaced = IsReplaced;
        IsReplaced = _source.Content is null && FileKind.IsUnlinked(File);
        return ReadNew() | IsReplaced != wasReplaced;
    }

    private bool ReadNew()
    {
        try
        {
            var content = ReadAll();
            if (_content is not null && content.AsSpan().SequenceEqual(_content))
            {
                return false;
            }

            _content = content;
            Take(content, version: 0);
            return true;
        }
        catch (Exception exception)
        {
            // The file is missing, a directory, not permitted, or was removed while it was read: the last valid content stays.
            _content = null;
            return Refuse(Describe(exception));
        }
    }

    private string Describe(Exception exception) =>
        exception is FileNotFoundException or DirectoryNotFoundException ? "the file does not exist."
        : Directory.Exists(File) ? "cannot be read: it is a directory."
        : $"cannot be read: {exception.Message}";

    private byte[] ReadAll()
    {
        if (_source.Content is { } content)
        {
            return content;
        }

        if (FileKind.IsSpecial(File))
        {
            throw new IOException("it is not a regular file.");
        }

        using var stream = new FileStream(File, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        if (stream.Length > MaxBytes)
        {
            throw new IOException($"it is larger than {MaxBytes >> 20} MiB.");
        }

        var read = new byte[stream.Length];
        var length = stream.ReadAtLeast(read, read.Length, throwOnEndOfStream: false);
        return read[..length];
    }

    private void StartWatching()
    {
        if (!_source.Watch || _disposed || _timer is not null)
        {
            return;
        }

        // Polling notices changes that a watcher misses: on network mounts, and of links.
        _timer = _source.Time.CreateTimer(_ => Poll(), null, _pollInterval, _pollInterval);
        try
        {
            var full = Path.GetFullPath(File);
            _watcher = new FileSystemWatcher(Path.GetDirectoryName(full) ?? "/", Path.GetFileName(full));
            _watcher.Changed += (_, _) => Soon();
            _watcher.Created += (_, _) => Soon();
            _watcher.Deleted += (_, _) => Soon();
            _watcher.Renamed += (_, _) => Soon();
            _watcher.EnableRaisingEvents = true;
        }
        catch (Exception exception) when (exception is IOException or ArgumentException or UnauthorizedAccessException)
        {
            // There are no inotify handles left, or the directory does not exist; polling continues.
            _watcher?.Dispose();
            _watcher = null;
        }
    }

    // An editor writes in several steps, so the file is read after the last event.
    private void Soon()
    {
        lock (_gate)
        {
            if (!_disposed)
            {
                _timer?.Change(_debounce, _pollInterval);
            }
        }
    }

    private void Poll()
    {
        if (!_turn.TryEnter())
        {
            return; // listeners are being notified of a change; the next poll looks again
        }

        try
        {
            bool changed;
            lock (_gate)
            {
                changed = !_disposed && Reload();
            }

            if (changed)
            {
                Notify();
            }
        }
        finally
        {
            _turn.Exit();
        }
    }
}
