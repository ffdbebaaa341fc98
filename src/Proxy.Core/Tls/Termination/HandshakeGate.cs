using Proxy.Connections;

namespace Proxy.Tls.Termination;

/// <summary>
/// Limits the handshakes of an endpoint at the same time. Further clients wait in the order in which they came, and nothing of them is read.
/// Thread-safe.
/// </summary>
/// <param name="endpointId">The id of the endpoint.</param>
internal sealed class HandshakeGate(string endpointId)
{
    private readonly Lock _gate = new(); // guards the fields below
    private readonly LinkedList<Waiter> _waiting = [];
    private int _limit = int.MaxValue;
    private int _running;

    /// <summary>The id of the endpoint.</summary>
    public string EndpointId => endpointId;

    /// <summary>The number of handshakes under way, and of clients that wait.</summary>
    public (int Running, int Waiting) Count
    {
        get
        {
            lock (_gate)
            {
                return (_running, _waiting.Count);
            }
        }
    }

    /// <summary>Sets how many handshakes may be under way.</summary>
    public void Limit(int limit)
    {
        lock (_gate)
        {
            _limit = limit;
            Admit();
        }
    }

    /// <summary>Waits for a place, which <see cref="Exit"/> gives back.</summary>
    /// <param name="connection">The client, on whose loop the caller goes on.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>Null if there is a place now; else how the client left before there was one.</returns>
    /// <exception cref="OperationCanceledException">The token was cancelled; then there is no place.</exception>
    public ValueTask<PeerDeparture?> EnterAsync(TcpConnection connection, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Waiter waiter;
        lock (_gate)
        {
            if (_running < _limit)
            {
                _running++;
                return default;
            }

            waiter = new(connection);
            _waiting.AddLast(waiter.Node);
        }

        return WaitAsync(waiter, cancellationToken);
    }

    /// <summary>Gives a place back.</summary>
    public void Exit()
    {
        lock (_gate)
        {
            _running--;
            Admit();
        }
    }

    private async ValueTask<PeerDeparture?> WaitAsync(Waiter waiter, CancellationToken cancellationToken)
    {
        using var over = new CancellationTokenSource();
        var watching = waiter.WatchAsync(over.Token);
        try
        {
            await waiter.Ready.WaitAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            Leave(waiter);
            throw;
        }
        finally
        {
#pragma warning disable CA1849 // here and not by the thread pool, so that the caller goes on where it is
            over.Cancel();
#pragma warning restore CA1849
            await watching;
        }

        if (waiter.Departure is not { } departure)
        {
            return null;
        }

        Leave(waiter);
        return departure;
    }

    // A place that it has got in the meantime is given to the next one.
    private void Leave(Waiter waiter)
    {
        lock (_gate)
        {
            if (waiter.Node.List is not null)
            {
                _waiting.Remove(waiter.Node);
                return;
            }
        }

        Exit();
    }

    private void Admit()
    {
        while (_running < _limit && _waiting.First is { Value: var waiter })
        {
            _waiting.RemoveFirst();
            _running++;
            waiter.Wake();
        }
    }

    private sealed class Waiter
    {
        private readonly TcpConnection _connection;

        public Waiter(TcpConnection connection)
        {
            _connection = connection;
            Node = new(this);
        }

        public LinkedListNode<Waiter> Node { get; }

        public ReadinessGate Ready { get; } = new(inline: true);

        /// <summary>How the client left while it waited; null if it did not.</summary>
        public PeerDeparture? Departure { get; private set; }

        public void Wake() => _connection.Post(Ready);

        public async Task WatchAsync(CancellationToken cancellationToken)
        {
            if (await _connection.WaitForDepartureAsync(ignoreClose: false, cancellationToken) is { } departure)
            {
                Departure = departure;
                Ready.Signal();
            }
        }
    }
}
