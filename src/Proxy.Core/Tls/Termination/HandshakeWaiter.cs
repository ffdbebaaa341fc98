using Proxy.Connections;

namespace Proxy.Tls.Termination;

/// <summary>A client that waits for a place.</summary>
internal sealed class HandshakeWaiter
{
    private readonly TcpConnection _connection;

    public HandshakeWaiter(TcpConnection connection, UInt128 source)
    {
        (_connection, Source) = (connection, source);
        Node = new(this);
    }

    /// <summary>The key of its source.</summary>
    public UInt128 Source { get; }

    /// <summary>Its place among those that wait; in no list once it has had its turn.</summary>
    public LinkedListNode<HandshakeWaiter> Node { get; }

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
