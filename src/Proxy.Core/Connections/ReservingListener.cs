using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging;

namespace Proxy.Connections;

/// <summary>
/// A listener of another transport (Kestrel's, say) that leaves the last descriptors of the process free, as our own do: it accepts
/// nothing while they are in use, and what connects waits in the kernel's queue. A transport that accepts until there is none left
/// gets the process ended, since .NET aborts when it cannot open a descriptor for itself. Linux only; elsewhere it changes nothing.
/// </summary>
/// <param name="inner">The listener. Disposed with this.</param>
/// <param name="time">The clock of the pauses, from 5 ms to 1 s.</param>
/// <param name="logger">Hears of every pause.</param>
public sealed partial class ReservingListener(IConnectionListener inner, TimeProvider time, ILogger logger) : IConnectionListener
{
    private static readonly TimeSpan _firstPause = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan _longestPause = TimeSpan.FromSeconds(1);

    private readonly CancellationTokenSource _unbound = new();

    /// <inheritdoc/>
    public EndPoint EndPoint => inner.EndPoint;

    /// <summary>The next connection, once there are descriptors to spare.</summary>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The connection; null when the listener is unbound.</returns>
    public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default)
    {
        await WaitForDescriptorsAsync(cancellationToken);
        return await inner.AcceptAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public async ValueTask UnbindAsync(CancellationToken cancellationToken = default)
    {
        await _unbound.CancelAsync();
        await inner.UnbindAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _unbound.CancelAsync();
        await inner.DisposeAsync();
        _unbound.Dispose();
    }

    private async Task WaitForDescriptorsAsync(CancellationToken cancellationToken)
    {
        var pause = _firstPause;
        while (!_unbound.IsCancellationRequested && Missing() is { } reason)
        {
            Log.Pauses(logger, EndPoint, pause.TotalMilliseconds, reason);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(_unbound.Token, cancellationToken);
            // Whoever accepts hears of the end from the inner listener.
            await Task.Delay(pause, time, either.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            cancellationToken.ThrowIfCancellationRequested();
            pause = pause * 2 < _longestPause ? pause * 2 : _longestPause;
        }
    }

    private string? Missing()
    {
        try
        {
            // The table is looked at each time: a socket whose number is read is another socket to .NET afterwards.
            DescriptorReserve.OfProcess.BeforeAccept(int.MaxValue);
            return null;
        }
        catch (SocketException exception)
        {
            return exception.Message;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "Endpoint {Endpoint}: accepting pauses for {Milliseconds} ms: {Reason}.")]
        public static partial void Pauses(ILogger logger, EndPoint endpoint, double milliseconds, string reason);
    }
}
