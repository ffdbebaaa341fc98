namespace Proxy.Multiplexing;

/// <summary>
/// The requests on one upstream connection that were sent and not answered: by id if the protocol has one, otherwise in order. Guarded by
/// the session's lock.
/// </summary>
internal sealed class InFlight(bool byId)
{
    private readonly Queue<MultiplexRequest> _inOrder = new();
    private readonly Dictionary<ulong, MultiplexRequest> _byId = [];
    private long _sent;
    private long _answerable;

    public int Count => byId ? _byId.Count : _inOrder.Count;

    public IEnumerable<MultiplexRequest> All => byId ? _byId.Values : _inOrder;

    public void Add(MultiplexRequest request)
    {
        if (byId)
        {
            _byId.Add(request.UpstreamId, request);
        }
        else
        {
            request.SentAs = ++_sent;
            _inOrder.Enqueue(request);
        }
    }

    /// <summary>Records that bytes were received. Without ids, they can only answer requests that were sent before.</summary>
    public void Received() => _answerable = _sent;

    /// <summary>Whether bytes were received since the last request was sent.</summary>
    public bool HasReceived => _answerable == _sent;

    public bool Contains(ulong id) => _byId.ContainsKey(id);

    public bool Contains(MultiplexRequest request) =>
        byId ? _byId.TryGetValue(request.UpstreamId, out var found) && found == request : _inOrder.Contains(request);

    /// <summary>The request that the next reply belongs to; null if there is none.</summary>
    public MultiplexRequest? Peek(ulong id) =>
        byId ? _byId.GetValueOrDefault(id)
        : _inOrder.TryPeek(out var first) && first.SentAs <= _answerable ? first
        : null;

    /// <summary>Removes a request; false if it was removed before.</summary>
    public bool Remove(MultiplexRequest request)
    {
        if (byId)
        {
            return _byId.TryGetValue(request.UpstreamId, out var found) && found == request && _byId.Remove(request.UpstreamId);
        }

        if (_inOrder.TryPeek(out var first) && first == request)
        {
            _inOrder.Dequeue();
            return true;
        }

        return RemoveBehindFirst(request);
    }

    /// <summary>Removes all requests, in the order in which they were sent.</summary>
    public void TakeAll(List<MultiplexRequest> taken)
    {
        taken.AddRange(byId ? _byId.Values.OrderBy(static request => request.Started) : _inOrder);
        _byId.Clear();
        _inOrder.Clear();
    }

    /// <summary>The first request whose deadline has passed; null if there is none.</summary>
    public MultiplexRequest? FindOverdue(long now)
    {
        if (!byId)
        {
            return _inOrder.TryPeek(out var first) && now >= first.Deadline ? first : null;
        }

        foreach (var request in _byId.Values)
        {
            if (now >= request.Deadline)
            {
                return request;
            }
        }

        return null;
    }

    // A request without reply is done once it is sent, even if earlier ones wait for replies.
    private bool RemoveBehindFirst(MultiplexRequest request)
    {
        var found = false;
        for (var left = _inOrder.Count; left > 0; left--)
        {
            var next = _inOrder.Dequeue();
            found |= next == request;
            if (next != request)
            {
                _inOrder.Enqueue(next);
            }
        }

        return found;
    }
}
