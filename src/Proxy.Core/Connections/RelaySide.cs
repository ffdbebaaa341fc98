using System.Runtime.CompilerServices;
using Proxy.Diagnostics;

namespace Proxy.Connections;

/// <summary>One side of a <see cref="StreamRelay"/>.</summary>
/// <param name="connection">The connection.</param>
/// <param name="stream">Its bytes.</param>
/// <param name="resetOutcome">The outcome if it is reset.</param>
/// <param name="pause">The pauses of what is read from it.</param>
internal sealed class RelaySide(TcpConnection connection, Stream stream, ConnectionOutcome resetOutcome, RelayPause pause)
{
    private readonly IReadyStream? _ready = stream as IReadyStream;
    private volatile bool _hasEnded;
    private volatile bool _isSendingOn;
    private volatile bool _isOver;

    public TcpConnection Connection => connection;

    public Stream Stream => stream;

    public ConnectionOutcome ResetOutcome => resetOutcome;

    public RelayPause Pause => pause;

    /// <summary>Lets the other connections of the event loop have their turn.</summary>
    public Turn Turn { get; } = new(connection);

    /// <summary>The most bytes that are best sent to it at once.</summary>
    public int BestWrite { get; } = (stream as ConnectionStream)?.BestWrite ?? BufferPool.BufferSize;

    /// <summary>Waits until there may be bytes, without a buffer.</summary>
    public ValueTask WaitAsync() => _ready is null ? WaitByReadingAsync() : _ready.WaitAsync();

    /// <summary>Reads what is there; less than nothing if there is nothing now.</summary>
    public ValueTask<int> ReadAsync(Memory<byte> buffer) => _ready is null ? stream.ReadAsync(buffer) : _ready.TryReadAsync(buffer);

    /// <summary>Whether it has ended, and all of its bytes are read.</summary>
    public bool HasEnded
    {
        get => _hasEnded;
        set => _hasEnded = value;
    }

    /// <summary>Whether the other side has not taken its last bytes yet, so that it is not read.</summary>
    public bool IsSendingOn
    {
        get => _isSendingOn;
        set => _isSendingOn = value;
    }

    /// <summary>Whether nothing is moved from it any more: its end was passed on, or one of the sides is lost.</summary>
    public bool IsOver
    {
        get => _isOver;
        set => _isOver = value;
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask WaitByReadingAsync()
    {
#pragma warning disable CA2022 // It reads nothing: it waits.
        await stream.ReadAsync(Memory<byte>.Empty);
#pragma warning restore CA2022
    }
}
