using Proxy.Diagnostics;

namespace Proxy.Host.Observability.AccessLogging;

/// <summary>
/// The access log in a file. At a size it is put aside as <c>path.1</c>, what was <c>path.1</c> as <c>path.2</c>, and so on; a file
/// that others have renamed or deleted is opened anew within a second of writing.
/// </summary>
/// <param name="path">The file; a named pipe or a device is never put aside.</param>
/// <param name="maxBytes">Its largest size, less a line that is longer; null for any.</param>
/// <param name="kept">How many files put aside are kept.</param>
/// <param name="time">The clock by which it is looked at.</param>
/// <param name="logger">Told of files that cannot be put aside.</param>
internal sealed partial class RotatingFile(string path, int? maxBytes, int kept, TimeProvider time, ILogger logger) : IAccessLogOutput
{
    private const byte NewLine = (byte)'\n';
    private static readonly TimeSpan _look = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan _rest = TimeSpan.FromMinutes(1);

    private ILogFile? _file;
    private volatile bool _reopen;
    private bool _isWithinLine;
    private long _looked;
    private long? _failed;

    public bool Open()
    {
        if (_file is not null && (_reopen || (time.GetElapsedTime(_looked) >= _look && !IsCurrent())))
        {
            Close();
        }

        if (_file is not null)
        {
            return false;
        }

        _reopen = false;
        _file = OperatingSystem.IsLinux() ? new LinuxLogFile(path) : OpenPortable();
        _looked = time.GetTimestamp();
        _isWithinLine = false;
        return true;
    }

    public int Write(ReadOnlySpan<byte> lines)
    {
        var part = Fitting(lines);
        if (part.IsEmpty)
        {
            PutAside();
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
            // A pipe that lost its reader takes nothing more, even when another reader comes.
            Close();
            throw;
        }
    }

    public void Reopen() => _reopen = true;

    public void Dispose() => Close();

    /// <summary>The lines for which the file has room; none when it is full.</summary>
    private ReadOnlySpan<byte> Fitting(ReadOnlySpan<byte> lines)
    {
        if (maxBytes is not { } max || _file!.Length is not { } length || IsResting())
        {
            return lines;
        }

        var room = Math.Max(0, max - length);
        var end = lines.Length <= room ? lines.Length : lines[..(int)room].LastIndexOf(NewLine) + 1;
        return end > 0 ? lines[..end]
            // An empty file takes any line, and each the rest of one that was begun in it.
            : length == 0 || _isWithinLine ? lines[..(lines.IndexOf(NewLine) + 1)]
            : [];
    }

    private void PutAside()
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
            // It goes on growing: lines are worth more than the size.
            _failed = time.GetTimestamp();
            Log.NotPutAside(logger, path, exception.Message);
        }
    }

    private bool IsResting() => _failed is { } failed && time.GetElapsedTime(failed) < _rest;

    private bool IsCurrent()
    {
        _looked = time.GetTimestamp();
        return _file!.IsAt(path);
    }

    // More than one when fewer are kept than before.
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
        [LoggerMessage(LogLevel.Warning, "The access log {Path} has reached its size and cannot be put aside; it grows on: {Reason}")]
        public static partial void NotPutAside(ILogger logger, string path, string reason);
    }
}
