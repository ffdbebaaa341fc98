using Proxy.Connections;

namespace Proxy.Multiplexing;

/// <summary>
/// What is left of a request that is too long to be kept whole. Its client is not read until the request has its turn on an upstream
/// connection, and then every part is sent on before the next one is read. Thread-safe.
/// </summary>
/// <param name="client">The client, whose reader sends the parts.</param>
/// <param name="least">The least number of bytes that it has, as far as it is known.</param>
internal sealed class RequestStream(MultiplexClient client, int least)
{
    private readonly Lock _gate = new(); // guards the connection and whether it is over
    private volatile UpstreamConnection? _connection;
    private volatile bool _isOver;
    private volatile bool _isWhole;

    /// <summary>The least number of bytes that it has, as far as it is known.</summary>
    public int Least => least;

    /// <summary>Signalled when the request has its turn, and when it is over.</summary>
    public ReadinessGate Changed { get; } = new(inline: true);

    /// <summary>The connection that the next part goes to; null before the request's turn.</summary>
    public UpstreamConnection? Connection => _connection;

    /// <summary>Whether the request is answered, has failed, or was abandoned: then nothing of it is sent any more.</summary>
    public bool IsOver => _isOver;

    /// <summary>Whether the request's last part was read.</summary>
    public bool IsWhole
    {
        get => _isWhole;
        set => _isWhole = value;
    }

    /// <summary>The first part is sent: the others may follow.</summary>
    /// <returns>False if the request was abandoned meanwhile.</returns>
    public bool Begin(UpstreamConnection connection)
    {
        lock (_gate)
        {
            _connection = connection;
            if (_isOver)
            {
                return false;
            }
        }

        client.Post(Changed);
        return true;
    }

    /// <summary>The request is answered, or has failed.</summary>
    public void End()
    {
        _isOver = true;
        client.Post(Changed);
    }

    /// <summary>Ends it, since its client cannot finish the request.</summary>
    /// <returns>The connection on which the request is unfinished; null if it had no turn yet, or was over.</returns>
    public UpstreamConnection? Abandon()
    {
        lock (_gate)
        {
            var connection = _isOver ? null : _connection;
            _isOver = true;
            return connection;
        }
    }
}
