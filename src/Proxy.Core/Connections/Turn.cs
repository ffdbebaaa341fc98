using System.Threading.Tasks.Sources;

namespace Proxy.Connections;

/// <summary>
/// The share of an event loop that one direction of a relay takes at once. What moves bytes without ever waiting ends its turn when the share is used up,
/// so that the other connections of the loop have theirs. One caller at a time.
/// </summary>
/// <param name="connection">The connection whose handlers run there.</param>
internal sealed class Turn(TcpConnection connection) : IValueTaskSource, IThreadPoolWorkItem
{
    private const int MostBytes = BufferPool.BufferSize * 3 / 4; // a full read
    private const int MostSteps = 16; // each costs system calls, however few its bytes are
    private ManualResetValueTaskSourceCore<bool> _source;
    private int _bytes;
    private int _steps;

    /// <summary>Whether the share is used up.</summary>
    public bool IsOver => _bytes >= MostBytes || _steps >= MostSteps;

    /// <summary>Counts bytes that were moved at once.</summary>
    public void Count(int bytes)
    {
        _bytes += bytes;
        _steps++;
    }

    /// <summary>Begins another turn, since there was a wait.</summary>
    public void Begin() => (_bytes, _steps) = (0, 0);

    /// <summary>Begins another turn after all other work that waits there.</summary>
    public ValueTask EndAsync()
    {
        Begin();
        _source.Reset();
        var version = _source.Version; // it may be over before this returns, on another thread
        connection.PostLater(this);
        return new(this, version);
    }

    /// <inheritdoc />
    public override string ToString() => $"bytes of {connection}";

    void IThreadPoolWorkItem.Execute() => _source.SetResult(true);

    void IValueTaskSource.GetResult(short token) => _source.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => _source.GetStatus(token);

    void IValueTaskSource.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _source.OnCompleted(continuation, state, token, flags);
}
