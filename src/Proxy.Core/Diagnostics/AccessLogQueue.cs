namespace Proxy.Diagnostics;

/// <summary>
/// The lines that wait for the writer, limited in number and bytes. The thread that ends a connection copies its line in and continues; the
/// writer takes all lines at once, and is woken only when it has said that it waits for so many.
/// </summary>
/// <param name="lost">Records the lines that are lost.</param>
internal sealed class AccessLogQueue(FailureRun lost)
{
    public const int MaxLines = 16_384;
    public const int MaxBytes = 8 << 20;

    private const int FirstBytes = 64 << 10;
    private const int Never = int.MaxValue;

    // Guards all fields, and which line of a connection is its last; a monitor is waited on, so it cannot be a Lock.
    private readonly object _gate = new();
    private byte[] _filling = new byte[FirstBytes];
    private byte[] _spare = new byte[FirstBytes];
    private int _length;
    private int _count;
    private long _untold;
    private long _dropped;
    private bool _woken;
    private int _wakeAt = Never;

    /// <summary>The number of lines that did not fit or were given up.</summary>
    public long Dropped => Volatile.Read(ref _dropped);

    /// <summary>Adds a line; false if it does not fit. After the last line of a connection, no further one is added.</summary>
    /// <param name="line">The line.</param>
    /// <param name="record">The connection; null for the line of a request.</param>
    /// <param name="isLast">Whether it is the only line, or the last one of the connection.</param>
    public bool TryAdd(ReadOnlySpan<byte> line, ConnectionRecord? record, bool isLast)
    {
        lock (_gate)
        {
            if (record is { IsLogged: true })
            {
                return true;
            }

            record?.IsLogged = isLast;
            if (!HasRoom(line.Length, isLast))
            {
                CountDropped(1);
                return false;
            }

            Append(line);
        }

        return true;
    }

    /// <summary>Counts lines that the writer has given up.</summary>
    public void Drop(int lines)
    {
        lock (_gate)
        {
            CountDropped(lines);
        }
    }

    /// <summary>Takes the waiting lines; empty if there are none. The memory belongs to the caller until the next call.</summary>
    /// <param name="dropped">The number of lines that were dropped since the last call, after those taken.</param>
    public ReadOnlyMemory<byte> Take(out long dropped)
    {
        lock (_gate)
        {
            var taken = _filling.AsMemory(0, _length);
            (_filling, _spare) = (_spare, _filling);
            (_length, _count) = (0, 0);
            (dropped, _untold) = (_untold, 0);
            return taken;
        }
    }

    /// <summary>Makes the writer check again.</summary>
    public void Wake()
    {
        lock (_gate)
        {
            _woken = true;
            Monitor.Pulse(_gate);
        }
    }

    /// <summary>Waits until there are so many bytes, or until woken, up to a time limit.</summary>
    /// <param name="bytes">The number of bytes; null waits for none.</param>
    /// <param name="limit">The time limit.</param>
    public void Wait(int? bytes, TimeSpan limit)
    {
        lock (_gate)
        {
            if (!_woken && _length < (bytes ?? Never))
            {
                _wakeAt = bytes ?? Never;
                Monitor.Wait(_gate, limit);
                _wakeAt = Never;
            }

            _woken = false;
        }
    }

    // Lines of open connections never use the space that is reserved for those of ended ones.
    private bool HasRoom(int length, bool isLast)
    {
        var share = isLast ? 1 : 2;
        return _count < MaxLines / share && _length + length <= MaxBytes / share;
    }

    private void CountDropped(long lines)
    {
        _untold += lines;
        Volatile.Write(ref _dropped, _dropped + lines);
        lost.Failed(null, lines);
    }

    private void Append(ReadOnlySpan<byte> line)
    {
        if (_filling.Length < _length + line.Length)
        {
            Array.Resize(ref _filling, Math.Min(MaxBytes, Math.Max(_filling.Length * 2, _length + line.Length)));
        }

        line.CopyTo(_filling.AsSpan(_length));
        _length += line.Length;
        _count++;
        if (_length >= _wakeAt)
        {
            _wakeAt = Never;
            Monitor.Pulse(_gate);
        }
    }
}
