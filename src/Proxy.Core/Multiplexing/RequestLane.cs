using System.Diagnostics;
using Proxy.Clusters.LoadBalancing;

namespace Proxy.Multiplexing;

/// <summary>
/// The requests of one client that wait in one session, first in, first out. Everything set after construction is guarded by the session's
/// lock.
/// </summary>
internal sealed class RequestLane(MultiplexClient client, MultiplexSession session, RequestTranslator translator, DestinationLoad load)
{
    private readonly RequestTags _tags = session.TagsOf(client.RouteId);
    private MultiplexRequest? _last;
    private int _joined;

    public MultiplexClient Client => client;

    public MultiplexSession Session => session;

    public RequestTranslator Translator => translator;

    /// <summary>The load of the destination, in which this client is counted.</summary>
    public DestinationLoad Load => load;

    /// <summary>The tags of its metrics: route, cluster, destination.</summary>
    public ref readonly TagList Tags => ref _tags.All;

    /// <summary>The same with an outcome.</summary>
    public ReadOnlySpan<KeyValuePair<string, object?>> TagsOf(RequestOutcome outcome) => _tags.With(outcome);

    public MultiplexRequest? First { get; private set; }

    /// <summary>The number of waiting requests.</summary>
    public int Count { get; private set; }

    /// <summary>Whether the lane is queued for its turn.</summary>
    public bool IsQueued { get; set; }

    public bool IsGone { get; set; }

    /// <summary>Whether the client waits for no more than what was sent, so that nothing else of it is sent, nor sent again.</summary>
    public bool HasLeft { get; set; }

    public int InFlight { get; set; }

    public int UnsafeInFlight { get; set; }

    /// <summary>
    /// The number of requests that wait for another one's reply. Decremented by the thread that answers them, outside the session's lock.
    /// </summary>
    public int Joined => Volatile.Read(ref _joined);

    /// <summary>
    /// The number of unsafe requests, waiting or in flight. Until they are done, the client's reads must not get replies from before them.
    /// </summary>
    public int PendingWrites { get; set; }

    public MultiplexClientStatus Status() => new(client.Id, client.Address, client.RouteId, Count, InFlight);

    public void Join() => Interlocked.Increment(ref _joined);

    public void Unjoin() => Interlocked.Decrement(ref _joined);

    /// <summary>Takes the followers of waiting requests which have waited too long.</summary>
    public void TakeExpiredFollowers(long now, List<MultiplexRequest> taken)
    {
        for (var request = First; request is not null; request = request.Next)
        {
            request.TakeExpiredFollowers(now, taken);
        }
    }

    public void Append(MultiplexRequest request)
    {
        Count++;
        request.Next = null;
        if (_last is null)
        {
            First = request;
        }
        else
        {
            _last.Next = request;
        }

        _last = request;
    }

    public void Prepend(MultiplexRequest request)
    {
        Count++;
        request.Next = First;
        First = request;
        _last ??= request;
    }

    public MultiplexRequest? TakeFirst()
    {
        var request = First;
        if (request is not null)
        {
            Count--;
            First = request.Next;
            _last = First is null ? null : _last;
            request.Next = null;
        }

        return request;
    }

    /// <summary>Takes the requests for which a condition is true.</summary>
    public void TakeWhere(Func<MultiplexRequest, long, bool> condition, long argument, List<MultiplexRequest> taken)
    {
        var all = First;
        First = _last = null;
        Count = 0;
        while (all is { } request)
        {
            all = request.Next;
            if (condition(request, argument))
            {
                request.Next = null;
                taken.Add(request);
            }
            else
            {
                Append(request);
            }
        }
    }
}
