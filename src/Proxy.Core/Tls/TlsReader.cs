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
internal sealed class TlsReader(SslStream stream, CipherStream cipher, TlsEnds ends)
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

    /// <summary>Reads all that is there; with an empty buffer, only waits until there is something.</summary>
    /// <exception cref="ConnectionEndedException">The peer has ended without close_notify where one is needed, or violates TLS.</exception>
    /// <exception cref="IOException">The connection is reset or closed.</exception>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        if (_failure is { } failure)
        {
            throw new ConnectionEndedException(failure, null);
        }

        try
        {
            if (_isWaiting)
            {
                await FinishWaitAsync(cancellationToken);
            }

            if (buffer.IsEmpty)
            {
                return await stream.ReadAsync(buffer, cancellationToken);
            }

            var count = await stream.ReadAsync(buffer, cancellationToken);
            if (count == 0)
            {
                End();
                return 0;
            }

            // Several records make one write. What comes behind them may be none of data, and then the next read goes on with the wait.
            for (var total = count; ; total += count)
            {
                if (total == buffer.Length || !TryWait())
                {
                    return total;
                }

                count = await stream.ReadAsync(buffer[total..], CancellationToken.None);
                if (count == 0)
                {
                    return total; // the next read tells the end again
                }
            }
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            (HasEnded, HasFailed) = (true, true);
            throw Explain(exception);
        }
    }

    // Whether there are bytes now.
    [SuppressMessage("Reliability", "CA2012", Justification = "The wait is kept where the next read finds it, and awaited once.")]
    private bool TryWait()
    {
        _waiting = stream.ReadAsync(Memory<byte>.Empty, CancellationToken.None);
        _isWaiting = !_waiting.IsCompletedSuccessfully;
        if (!_isWaiting)
        {
            _ = _waiting.Result;
        }

        return !_isWaiting;
    }

    private async ValueTask FinishWaitAsync(CancellationToken cancellationToken)
    {
        if (cancellationToken.CanBeCanceled || _sharedWaiting is not null)
        {
            await (_sharedWaiting ??= _waiting.AsTask()).WaitAsync(cancellationToken);
            (_isWaiting, _sharedWaiting) = (false, null);
            return;
        }

        _isWaiting = false;
        await _waiting;
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
            : ConnectionOutcome.TlsFailed; // the peer violates TLS
        return new ConnectionEndedException(_failure.Value, exception);
    }
}
