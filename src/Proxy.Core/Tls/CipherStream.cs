using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
using Proxy.Connections;

namespace Proxy.Tls;

/// <summary>
/// The encrypted bytes of a connection, below a TLS stream. It receives as much as there is at once, and hands on whole records: those of which a part is
/// missing wait here, in memory that counts, so that a TLS stream never waits within one. It remembers that the peer has ended, by which an end without
/// close_notify is told from one with it: TLS streams return 0 for both. And it ends a turn in which it was read long without waiting: a TLS stream itself
/// would go on as long as there are records, be they empty. One reader and one writer at a time. Disposing it leaves the transport open.
/// </summary>
internal class CipherStream(Stream transport, BufferPool buffers) : ConnectionStream
{
    private const int HeaderSize = 5;
    private const int LongestRecord = HeaderSize + (1 << 14) + 2048; // RFC 5246, 6.2.3
    private const byte ApplicationData = 23; // in TLS 1.3 also what is encrypted of a handshake
    private const int SmallSize = 4096; // of a buffer that keeps the beginning of a record while the rest is awaited
    private const int IsFilling = 1;
    private const int IsTaking = 2;
    private const int IsDisposed = 4;

    private readonly IReadyStream? _ready = transport as IReadyStream;
    private byte[]? _buffer;
    private int _start;
    private int _end;
    private int _whole; // of these bytes: all records that are complete, and all that is no TLS
    private int _rest; // of those: what is left of a record whose beginning was read; 0 if none was begun
    private bool _isRaw; // what is no TLS is handed on as it comes, and refused there
    private bool _isOver; // the transport has nothing more
    private ExceptionDispatchInfo? _failure;
    private int _use; // whichever of these ends last gives the buffer back

    /// <summary>Whether the transport has ended: a read with a buffer returned nothing.</summary>
    public bool HasEnded { get; private set; }

    /// <summary>Whether the transport has failed, as by a reset.</summary>
    public bool HasFailed { get; private set; }

    /// <summary>Whether the next read returns at once: a record is there, or the end, or it fails.</summary>
    public bool IsReadable => _whole > 0 || _isOver || _failure is not null || (Volatile.Read(ref _use) & IsDisposed) != 0;

    /// <summary>Whether the TLS stream has asked for bytes since this was reset, and so holds no record any more.</summary>
    public bool HasBeenAsked { get; set; }

    /// <summary>
    /// The share of an event loop that reading takes at once; null during the handshake. From then on each read gets one record, so that the TLS stream
    /// keeps none, such as an alert behind data.
    /// </summary>
    public Turn? Turn { get; set; }

    /// <summary>Held by what reads within TLS, and left while it waits for records here; null during the handshake, in which nothing else happens.</summary>
    public StateGuard? Guard { get; set; }

    /// <summary>Waits until <see cref="IsReadable"/>.</summary>
    /// <exception cref="OperationCanceledException">The token was cancelled. Whatever else fails is told by the next read.</exception>
    public ValueTask WaitAsync(CancellationToken cancellationToken) => IsReadable ? ValueTask.CompletedTask : FillAsync(cancellationToken);

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        HasBeenAsked = true;
        var waiting = WaitAsync(cancellationToken);
        return waiting.IsCompletedSuccessfully ? new(TakeInUse(buffer.Span)) : ReadLaterAsync(waiting, buffer);
    }

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var writing = transport.WriteAsync(buffer, cancellationToken);
        return writing.IsCompletedSuccessfully ? writing : AwaitAsync(writing);
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing && Interlocked.Or(ref _use, IsDisposed) == 0)
        {
            Release(); // else what fills it, which the end of the transport makes return, or takes from it does that
        }

        base.Dispose(disposing);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<int> ReadLaterAsync(ValueTask waiting, Memory<byte> buffer)
    {
        Guard?.Exit();
        try
        {
            await waiting;
        }
        finally
        {
            Guard?.Enter();
        }

        return TakeInUse(buffer.Span);
    }

    // Another thread may dispose of the stream meanwhile.
    private int TakeInUse(Span<byte> destination)
    {
        ObjectDisposedException.ThrowIf((Interlocked.Or(ref _use, IsTaking) & IsDisposed) != 0, this);
        try
        {
            return Take(destination);
        }
        finally
        {
            if ((Interlocked.And(ref _use, ~IsTaking) & IsDisposed) != 0)
            {
                Release();
            }
        }
    }

    // Hands on one record. In the handshake the others of a flight, too, but none behind data, which may come with it: a TLS stream that has both decrypts
    // both, and loses the data if that fails.
    private int Take(Span<byte> destination)
    {
        if (destination.IsEmpty)
        {
            return 0;
        }

        if (_whole == 0)
        {
            _failure?.Throw();
            HasEnded = true;
            return 0;
        }

        var (next, last) = (_isRaw ? _whole : NextLength, _start);
        while (
            Turn is null
            && _rest == 0
            && _buffer![last] != ApplicationData
            && next < _whole
            && next + LengthAt(_start + next) is var more
            && more <= destination.Length
        )
        {
            (next, last) = (more, _start + next);
        }

        var count = Math.Min(next, destination.Length);
        _rest = next - count;
        _buffer.AsSpan(_start, count).CopyTo(destination);
        _start += count;
        _whole -= count;
        if (_start == _end)
        {
            Release();
        }
        else if (_whole == 0)
        {
            FindRecords();
        }

        return count;
    }

    // What is left of the first record.
    private int NextLength => _rest > 0 ? _rest : LengthAt(_start);

    private int LengthAt(int position) => HeaderSize + BinaryPrimitives.ReadUInt16BigEndian(_buffer.AsSpan(position + 3));

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask FillAsync(CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(Interlocked.Or(ref _use, IsFilling) != 0, this);
        try
        {
            while (!IsReadable)
            {
                if (Turn is { IsOver: true } turn)
                {
                    await turn.EndAsync();
                }

                var waiting = _ready is null ? WaitByReadingAsync(cancellationToken) : _ready.WaitAsync(cancellationToken);
                if (!waiting.IsCompleted)
                {
                    KeepLittle();
                    Turn?.Begin();
                }

                await waiting;
                Prepare();
                var room = _buffer.AsMemory(_end);
                Add(await (_ready is null ? transport.ReadAsync(room, CancellationToken.None) : _ready.TryReadAsync(room)));
            }
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            HasFailed |= exception is not OutOfMemoryException; // which is no fault of the peer
            _failure = ExceptionDispatchInfo.Capture(exception);
            Release();
        }
        finally
        {
            if ((Interlocked.And(ref _use, ~IsFilling) & IsDisposed) != 0)
            {
                Release();
            }
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask WaitByReadingAsync(CancellationToken cancellationToken)
    {
#pragma warning disable CA2022 // It reads nothing: it waits, and holds no memory while the peer is silent.
        await transport.ReadAsync(Memory<byte>.Empty, cancellationToken);
#pragma warning restore CA2022
    }

    private void Add(int count)
    {
        if (count < 0)
        {
            return; // there was an event, and its bytes were read before
        }

        Turn?.Count(count);
        _end += count;
        _isOver = count == 0;
        _isRaw |= _isOver; // the TLS stream has to see a record that is cut
        if (_start == _end)
        {
            Release();
        }
        else
        {
            FindRecords();
        }
    }

    private void FindRecords()
    {
        while (!_isRaw && _end - _start - _whole >= HeaderSize)
        {
            var next = _start + _whole;
            if (!IsRecord(_buffer.AsSpan(next)))
            {
                _isRaw = _whole == 0; // else the records before it come first
                break;
            }

            var length = LengthAt(next);
            if (_end - next < length)
            {
                break;
            }

            _whole += length;
        }

        if (_isRaw)
        {
            _whole = _end - _start;
        }
    }

    private static bool IsRecord(ReadOnlySpan<byte> header) =>
        header is [>= 20 and <= 24, 3, ..] && BinaryPrimitives.ReadUInt16BigEndian(header[3..]) <= LongestRecord - HeaderSize;

    // Makes room for at least the rest of a record.
    private void Prepare()
    {
        if (_buffer is null)
        {
            _buffer = buffers.RentWithinBudget();
        }
        else if (_buffer.Length < BufferPool.BufferSize && (!buffers.IsFull || _buffer.Length < LongestRecord))
        {
            Move(buffers.IsFull ? LongestRecord : BufferPool.BufferSize);
        }
        else if (_start > 0)
        {
            _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
            (_start, _end) = (0, _end - _start);
        }
    }

    // A wait may be long.
    private void KeepLittle()
    {
        if (_start == _end)
        {
            Release();
        }
        else if (_end - _start <= SmallSize && _buffer!.Length > SmallSize)
        {
            Move(SmallSize);
        }
        else if (buffers.IsFull && _buffer!.Length > 2 * LongestRecord)
        {
            Move(LongestRecord);
        }
    }

    private void Move(int size)
    {
        var other = buffers.RentAtLeast(size);
        _buffer.AsSpan(_start, _end - _start).CopyTo(other);
        buffers.Return(_buffer!);
        (_buffer, _start, _end) = (other, 0, _end - _start);
    }

    private void Release()
    {
        if (_buffer is { } buffer)
        {
            (_buffer, _start, _end, _whole, _rest) = (null, 0, 0, 0, 0);
            buffers.Return(buffer);
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask AwaitAsync(ValueTask writing)
    {
        try
        {
            await writing;
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            HasFailed = true;
            throw;
        }
    }
}
