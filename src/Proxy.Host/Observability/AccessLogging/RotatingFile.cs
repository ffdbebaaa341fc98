using Proxy.Diagnostics;

namespace Proxy.Host.Observability.AccessLogging;

/// <summary>
/// Writes the access log to a file, and rotates it at a maximum size: the file is renamed to <c>path.1</c>, <c>path.1</c> to
/// <c>path.2</c>, and so on. While lines are written, a file that another program has renamed or deleted is created again within a
/// second.
/// </summary>
/// <param name="path">The path of the file. A named pipe or a device is never rotated.</param>
/// <param name="maxBytes">The maximum size in bytes, which only a single longer line exceeds; null for no limit.</param>
/// <param name="kept">The number of rotated files that are kept.</param>
/// <param name="time">The clock for the intervals of checks and retries.</param>
/// <param name="logger">Logs when the file cannot be rotated.</param>
internal sealed partial class RotatingFile(string path, int? maxBytes, int kept, TimeProvider time, ILogger logger) : IAccessLogOutput
{
    private const byte NewLine = (byte)'\n';
    private static readonly TimeSpan _checkInterval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan _retryInterval = TimeSpan.FromMinutes(1);

    private ILogFile? _file;
    private volatile bool _reopen;
    private bool _isWithinLine;
    private long _checkedAt;
    private long? _failedAt;

    public bool Open()
    {
        if (_file is not null && (_reopen || (time.GetElapsedTime(_checkedAt) >= _checkInterval && !IsCurrent())))
        {
            Close();
        }

        if (_file is not null)
        {
            return false;
        }

        _reopen = false;
        _file = OperatingSystem.IsLinux() ? new LinuxLogFile(path) : OpenPortable();
        _checkedAt = time.GetTimestamp();
        _isWithinLine = false;
        return true;
    }

    public int Write(ReadOnlySpan<byte> lines)
    {
        var part = Fitting(lines);
        if (part.IsEmpty)
        {
            Rotate();
            Open();
            part = lines[..(lines.IndexOf(NewLine) + 1)];
        }

        try
        {
            var count = _file!.Write(part);
            _isWithinLine = count > 0 ? part[count - 1] != NewLine : _isWithinLine;
            return count;
        }
        catch (IOException) when (_file!.Length is null)
        {
            // A pipe that has lost its reader has to be opened again, even if another reader opens it.
            Close();
            throw;
        }
    }

    public void Reopen() => _reopen = true;

    public void Dispose() => Close();

    /// <summary>The first lines that fit into the file; empty if the file is full.</summary>
    private ReadOnlySpan<byte> Fitting(ReadOnlySpan<byte> lines)
    {
        if (maxBytes is not { } max || _file!.Length is not { } length || IsWaitingForRetry())
        {
            return lines;
        }

        var room = Math.Max(0, max - length);
        var end = lines.Length <= room ? lines.Length : lines[..(int)room].LastIndexOf(NewLine) + 1;
        return end > 0 ? lines[..end]
            // A line longer than the maximum is written to an empty file, and the rest of a line goes to the file of its beginning.
            : length == 0 || _isWithinLine ? lines[..(lines.IndexOf(NewLine) + 1)]
            : [];
    }

    private void Rotate()
    {
        try
        {
            if (IsCurrent())
            {
                DeleteFrom(kept);
                for (var i = kept - 1; i >= 1; i--)
                {
                    Move(Name(i), Name(i + 1));
                }

                File.Move(path, Name(1), overwrite: true);
            }

            Close();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // The file grows beyond its maximum size until the next attempt, because losing lines would be worse.
            _failedAt = time.GetTimestamp();
            Log.NotPutAside(logger, path, exception.Message);
        }
    }

    private bool IsWaitingForRetry() => _failedAt is { } failed && time.GetElapsedTime(failed) < _retryInterval;

    private bool IsCurrent()
    {
        _checkedAt = time.GetTimestamp();
        return _file!.IsAt(path);
    }

    // There are several files to delete if the configured number has been reduced.
    private void DeleteFrom(int first)
    {
        for (var i = first; File.Exists(Name(i)); i++)
        {
            File.Delete(Name(i));
        }
    }

    private static void Move(string from, string to)
    {
        if (File.Exists(from))
        {
            File.Move(from, to, overwrite: true);
        }
    }

    private string Name(int number) => FormattableString.Invariant($"{path}.{number}");

    private PortableLogFile OpenPortable()
    {
        try
        {
            return new PortableLogFile(path);
        }
        catch (Exception exception) when (exception is UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw new IOException(exception.Message, exception);
        }
    }

    private void Close()
    {
        _file?.Dispose();
        _file = null;
    }

    private static partial class Log
    {
        [LoggerMessage(
            LogLevel.Warning,
            "The access log {Path} has reached its maximum size but cannot be rotated. It grows until the next attempt in a minute: {Reason}"
        )]
        public static partial void NotPutAside(ILogger logger, string path, string reason);
    }
}
