using Proxy.Limits;

namespace Proxy.Multiplexing;

/// <summary>The memory of a session's messages: requests from their first byte on, and replies until their clients have taken them.</summary>
internal sealed class SessionMemory
{
    private readonly ByteBudget _process;
    private readonly ByteBudget _all;
    private readonly ByteBudget _replies;

    public SessionMemory(UpstreamSettings settings, ByteBudget process)
    {
        var limit = settings.Multiplex.MaxBufferedBytes;
        _process = process;
        _all = new(limit, process);
        _replies = new(limit, _all, isUntaken: true);
    }

    /// <summary>The bytes that are buffered.</summary>
    public long Used => _all.Used;

    /// <summary>
    /// Whether clients have to take replies before the next request is sent. Unfinished requests do not count here, since they would keep
    /// finished ones from being sent.
    /// </summary>
    public bool AwaitsClients => _replies.AwaitsTaking;

    /// <summary>The same for the clients of all destinations together.</summary>
    public bool AwaitsAllClients => _process.AwaitsTaking;

    /// <summary>Begins to count what a client's buffers hold.</summary>
    public void Open(MultiplexClient client)
    {
        client.Requests.Open(_all);
        client.Replies.Open(_replies);
    }

    /// <summary>Creates what counts the buffer of an upstream connection's reader.</summary>
    public ByteHolder CreateHolder()
    {
        var holder = new ByteHolder();
        holder.Open(_replies);
        return holder;
    }

    public void Apply(UpstreamSettings settings) => _replies.Limit = _all.Limit = settings.Multiplex.MaxBufferedBytes;
}
