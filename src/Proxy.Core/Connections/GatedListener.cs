using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging;

namespace Proxy.Connections;

/// <summary>A listener of another transport, which accepts only while <see cref="Resources"/> allows it.</summary>
public sealed class GatedListener : IConnectionListener
{
    private readonly IConnectionListener _inner;
    private readonly Func<bool> _mayAccept;
    private readonly Action<int>? _count;
    private readonly CancellationTokenSource _unbound = new();
    private int _isDisposed;
    private readonly AcceptPause _pause;

    /// <summary>Creates the listener.</summary>
    /// <param name="inner">The listener that accepts. It is disposed with this one.</param>
    /// <param name="mayAccept">Whether it may accept a connection now.</param>
    /// <param name="time">The clock of pauses.</param>
    /// <param name="logger">Logs each pause.</param>
    /// <param name="count">Counts connections: 1 at the accept, -1 when one has ended. Null if they are not counted.</param>
    public GatedListener(IConnectionListener inner, Func<bool> mayAccept, TimeProvider time, ILogger logger, Action<int>? count = null)
    {
        ArgumentNullException.ThrowIfNull(inner);
        (_inner, _mayAccept, _count) = (inner, mayAccept, count);
        _pause = new AcceptPause(inner.EndPoint.ToString() ?? "", time, logger);
    }

    /// <inheritdoc />
    public EndPoint EndPoint => _inner.EndPoint;

    /// <inheritdoc />
    public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default)
    {
        while (!_unbound.IsCancellationRequested && !_mayAccept())
        {
            using var either = CancellationTokenSource.CreateLinkedTokenSource(_unbound.Token, cancellationToken);
            await _pause.FailAsync(Resources.OfProcess.Exhausted().Message, either.Token);
            cancellationToken.ThrowIfCancellationRequested();
        }

        _pause.Reset();
        var connection = await _inner.AcceptAsync(cancellationToken);
        if (connection is not null && _count is { } count)
        {
            count(1); // before the next accept, while the connection's handler may run later
            connection.ConnectionClosed.UnsafeRegister(static count => ((Action<int>)count!)(-1), count);
        }

        return connection;
    }

    /// <inheritdoc />
    public async ValueTask UnbindAsync(CancellationToken cancellationToken = default)
    {
        await _unbound.CancelAsync();
        await _inner.UnbindAsync(cancellationToken);
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) != 0)
        {
            return;
        }

        await _unbound.CancelAsync();
        await _inner.DisposeAsync();
        _unbound.Dispose();
    }
}
