using System.Diagnostics.CodeAnalysis;
using System.Net.Security;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using Proxy.Connections;
using Proxy.Diagnostics;

namespace Proxy.Tls;

/// <summary>
/// Reads the bytes within TLS, and remembers how they have ended. One reader at a time; a read that was cancelled may be repeated.
/// </summary>
internal sealed class TlsReader(SslStream stream, CipherStream cipher, StateGuard guard, TlsEnds ends) : IReadyStream
{
    private ValueTask<int> _waiting; // for bytes, of which none belong to a reader yet
    private Task<int>? _sharedWaiting; // the same, if a wait for it was cancelled
    private bool _isWaiting;
    private ConnectionOutcome? _failure;

    /// <summary>Whether the peer has ended, in any way.</summary>
    public bool HasEnded { get; private set; }

    /// <summary>Whether the peer has ended by close_notify.</summary>
    public bool HasEndedWithin { get; private set; }

    /// <summary>Whether the bytes were cut off, or the connection is lost.</summary>
    public bool HasFailed { get; private set; }

    /// <inheritdoc />
    public ValueTask WaitAsync(CancellationToken cancellationToken) =>
        _isWaiting ? FinishWaitAsync(cancellationToken)
        : MayHoldMore || HasEnded ? ValueTask.CompletedTask
        : cipher.WaitAsync(cancellationToken); // in place of the TLS stream, which costs more

    /// <summary>Reads all that is there; with an empty buffer, only waits until there is something.</summary>
    /// <exception cref="ConnectionEndedException">The peer has ended without close_notify where one is needed, or violates TLS.</exception>
    /// <exception cref="IOException">The connection is reset or closed.</exception>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        while (true)
        {
            await WaitAsync(cancellationToken);
            if (await TryReadAsync(buffer) is var count and >= 0)
            {
                return count;
            }
        }
    }

    /// <inheritdoc />
    /// <exception cref="ConnectionEndedException">The peer has ended without close_notify where one is needed, or violates TLS.</exception>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<int> TryReadAsync(Memory<byte> buffer)
    {
        if (_failure is { } failure)
        {
            throw new ConnectionEndedException(failure, null);
        }

        try
        {
            // Several records make one write. What comes behind them may be none of data, and then the next wait goes on with theirs.
            for (var total = 0; ; )
            {
                if ((total > 0 && total == buffer.Length) || !HasMore(hasBytes: total > 0))
                {
                    return total > 0 ? total : -1;
                }

                if (buffer.IsEmpty)
                {
                    return 0;
                }

                var count = await ReadStreamAsync(buffer[total..]); // it is there
                MayHoldMore = count == 0 || count == buffer.Length - total;
                if (count == 0 && total == 0)
                {
                    End();
                }

                if (count == 0)
                {
                    return total; // the next read tells the end again
                }

                total += count;
            }
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            (HasEnded, HasFailed) = (true, true);
            throw Explain(exception);
        }
    }

    // A TLS stream may have got records with the end of the handshake.
    private bool MayHoldMore
    {
        get => field || !cipher.HasBeenAsked;
        set;
    }

    // Whether the TLS stream has bytes now, or the end. It never waits within a record, but one of them may hold none.
    [SuppressMessage("Reliability", "CA2012", Justification = "The wait is kept where the next one finds it, and awaited once.")]
    private bool HasMore(bool hasBytes)
    {
        if (!_isWaiting)
        {
            if (!MayHoldMore && !HasEnded && !cipher.IsReadable)
            {
                return false;
            }

            _waiting = ReadStreamAsync(Memory<byte>.Empty);
            _isWaiting = true;
        }

        if (_sharedWaiting is { IsCompleted: false } || (_sharedWaiting is null && !_waiting.IsCompleted))
        {
            return false;
        }

        if (hasBytes && (_sharedWaiting?.IsFaulted ?? _waiting.IsFaulted))
        {
            return false; // the bytes before it come first, and the next read tells it
        }

        _isWaiting = false;
        _ = Interlocked.Exchange(ref _sharedWaiting, null) is { } shared ? shared.GetAwaiter().GetResult() : _waiting.Result;
        MayHoldMore = true;
        return true;
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<int> ReadStreamAsync(Memory<byte> buffer)
    {
        guard.Enter();
        try
        {
            return await stream.ReadAsync(buffer, CancellationToken.None).ConfigureAwait(false); // what is held must not wait for a thread
        }
        finally
        {
            guard.Exit();
        }
    }

    // It is only awaited here; its result is taken by the read that follows.
    private async ValueTask FinishWaitAsync(CancellationToken cancellationToken)
    {
        _sharedWaiting ??= _waiting.AsTask();
        await ((Task)_sharedWaiting)
            .WaitAsync(cancellationToken)
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        cancellationToken.ThrowIfCancellationRequested();
    }

    private void End()
    {
        HasEnded = true;
        if (!cipher.HasEnded)
        {
            HasEndedWithin = true;
        }
        else if (ends.RequireCloseNotify)
        {
            throw new ConnectionEndedException(ends.Truncated, null);
        }
    }

    private Exception Explain(Exception exception)
    {
        if (exception is ConnectionEndedException ended)
        {
            _failure = ended.Outcome;
            return exception;
        }

        if (cipher.HasFailed || exception is ObjectDisposedException || exception.GetBaseException() is SocketException)
        {
            return exception as IOException ?? new IOException(exception.Message, exception);
        }

        _failure =
            exception.GetBaseException() is OutOfMemoryException ? ConnectionOutcome.InternalError
            : cipher.HasEnded ? ends.Truncated // within a record
            : ends.Failed; // the peer violates TLS
        if (_failure == ends.Failed)
        {
            ends.Violated?.Invoke(exception);
        }

        return new ConnectionEndedException(_failure.Value, exception);
    }
}
