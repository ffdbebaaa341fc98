using Proxy.Connections;

namespace Proxy.Tls.Termination;

/// <summary>
/// Limits the handshakes of an endpoint at the same time. Further clients wait: those of a source in the order in which they came, while sources take
/// turns, and one that has a quarter of the places gets more only if no other waits. Thread-safe.
/// </summary>
/// <param name="endpointId">The id of the endpoint.</param>
internal sealed class HandshakeGate(string endpointId)
{
    private readonly Lock _gate = new(); // guards the fields below
    private readonly HandshakeSources _sources = new();
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
                return (_running, _sources.Waiting);
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
    /// <param name="source">The key of its source.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>Null if there is a place now; else how the client left before there was one.</returns>
    /// <exception cref="OperationCanceledException">The token was cancelled; then there is no place.</exception>
    public ValueTask<PeerDeparture?> EnterAsync(TcpConnection connection, UInt128 source, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        HandshakeWaiter waiter;
        lock (_gate)
        {
            if (_running < _limit)
            {
                _running++;
                _sources.Enter(source);
                return default;
            }

            waiter = new(connection, source);
            _sources.Wait(waiter);
        }

        return WaitAsync(waiter, cancellationToken);
    }

    /// <summary>Gives a place back.</summary>
    /// <param name="source">The key of the source that had it.</param>
    public void Exit(UInt128 source)
    {
        lock (_gate)
        {
            _running--;
            _sources.Exit(source);
            Admit();
        }
    }

    private async ValueTask<PeerDeparture?> WaitAsync(HandshakeWaiter waiter, CancellationToken cancellationToken)
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
    private void Leave(HandshakeWaiter waiter)
    {
        lock (_gate)
        {
            if (_sources.Leave(waiter))
            {
                return;
            }
        }

        Exit(waiter.Source);
    }

    private void Admit()
    {
        while (_running < _limit && _sources.Next(_limit) is { } waiter)
        {
            _running++;
            waiter.Wake();
        }
    }
}
