namespace Proxy.Diagnostics;

/// <summary>
/// The lines that wait for the writer, bounded by their number and bytes. The thread that ends a connection copies its line in here and
/// goes on; the writer takes everything at once.
/// </summary>
internal sealed class AccessLogQueue
{
    public const int MaxLines = 16_384;
    public const int MaxBytes = 8 << 20;

    private const int FirstBytes = 64 << 10;

    private readonly object _gate = new(); // guards all fields, and which line of a connection is its last; waited on, so no Lock
    private byte[] _filling = new byte[FirstBytes];
    private byte[] _spare = new byte[FirstBytes];
    private int _length;
    private int _count;
    private long _untold;
    private long _dropped;
    private bool _woken;

    /// <summary>Lines that found no place, or that were given up.</summary>
    public long Dropped => Volatile.Read(ref _dropped);

    /// <summary>Adds a line; false when there is no room. None follows a connection's last.</summary>
    public bool TryAdd(ReadOnlySpan<byte> line, ConnectionRecord record, bool isLast)
    {
        lock (_gate)
        {
            if (record.IsLogged)
            {
                return true;
            }

            record.IsLogged = isLast;
            if (!HasRoom(line.Length, isLast))
            {
                CountDropped(1);
                return false;
            }

            Append(line);
        }

        return true;
    }

    /// <summary>Counts lines that the writer gave up.</summary>
    public void Drop(int lines)
    {
        lock (_gate)
        {
            CountDropped(lines);
        }
    }

    /// <summary>Takes what waits; the memory is the caller's until it asks again. Empty when nothing does.</summary>
    /// <param name="dropped">Lines that were dropped since the last call, after those taken.</param>
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

    /// <summary>Lets the writer look again.</summary>
    public void Wake()
    {
        lock (_gate)
        {
            _woken = true;
            Monitor.Pulse(_gate);
        }
    }

    /// <summary>Waits for lines, or until woken.</summary>
    public void Wait(TimeSpan limit)
    {
        lock (_gate)
        {
            if (!_woken)
            {
                Monitor.Wait(_gate, limit);
            }

            _woken = false;
        }
    }

    // Lines of connections that go on never crowd out those of connections that have ended.
    private bool HasRoom(int length, bool isLast)
    {
        var share = isLast ? 1 : 2;
        return _count < MaxLines / share && _length + length <= MaxBytes / share;
    }

    private void CountDropped(long lines)
    {
        _untold += lines;
        Volatile.Write(ref _dropped, _dropped + lines);
    }

    private void Append(ReadOnlySpan<byte> line)
    {
        if (_filling.Length < _length + line.Length)
        {
            Array.Resize(ref _filling, Math.Min(MaxBytes, Math.Max(_filling.Length * 2, _length + line.Length)));
        }

        line.CopyTo(_filling.AsSpan(_length));
        _length += line.Length;
        if (_count++ == 0)
        {
            _woken = true;
            Monitor.Pulse(_gate);
        }
    }
}
