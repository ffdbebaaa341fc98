using System.Runtime.CompilerServices;
using Proxy.Connections;

namespace Proxy.Tls;

/// <summary>
/// The encrypted bytes of a connection, below a TLS stream. It remembers that the peer has ended, by which an end without close_notify is told from one
/// with it: TLS streams return 0 for both. And it ends a turn in which it was read long without waiting: a TLS stream itself would go on as long as there
/// are records, be they empty.
/// </summary>
internal sealed class CipherStream(Stream transport) : ConnectionStream
{
    private bool _wasFull; // the last read filled its buffer

    /// <summary>Whether the transport has ended: a read with a buffer returned nothing.</summary>
    public bool HasEnded { get; private set; }

    /// <summary>Whether the transport has failed, as by a reset.</summary>
    public bool HasFailed { get; private set; }

    /// <summary>The share of an event loop that reading takes at once; null if nothing is shared yet.</summary>
    public Turn? Turn { get; set; }

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (Turn is { IsOver: true })
        {
            return ReadNextTurnAsync(buffer, cancellationToken);
        }

        if (buffer.IsEmpty && _wasFull)
        {
            _wasFull = false; // there is more, as a rule, and TLS streams ask before each read
            return new(0);
        }

        var reading = transport.ReadAsync(buffer, cancellationToken);
        if (!reading.IsCompletedSuccessfully)
        {
            return AwaitAsync(reading, buffer.IsEmpty);
        }

        var count = reading.Result;
        if (!buffer.IsEmpty)
        {
            _wasFull = count == buffer.Length;
            Turn?.Count(count);
            HasEnded |= count == 0;
        }

        return new(count);
    }

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var writing = transport.WriteAsync(buffer, cancellationToken);
        return writing.IsCompletedSuccessfully ? writing : AwaitAsync(writing);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<int> ReadNextTurnAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        await Turn!.EndAsync();
        return await ReadAsync(buffer, cancellationToken);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<int> AwaitAsync(ValueTask<int> reading, bool isWait)
    {
        try
        {
            Turn?.Begin();
            var count = await reading;
            HasEnded |= count == 0 && !isWait;
            return count;
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            HasFailed = true;
            throw;
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
