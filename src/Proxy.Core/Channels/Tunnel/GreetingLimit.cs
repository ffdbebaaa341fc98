using System.Net;
using Proxy.Diagnostics;

namespace Proxy.Channels.Tunnel;

/// <summary>
/// Limits the connections whose peer has not greeted yet. Above the limit of an address its oldest one gives way: whoever means it greets
/// within milliseconds, so that a flood drops its own connections and not that of a peer at the same address. Addresses from which a peer
/// has greeted before are not bound by the limit of all.
/// </summary>
/// <param name="each">The limit of one address.</param>
/// <param name="all">The limit of all addresses that are not known.</param>
internal sealed class GreetingLimit(int each, int all)
{
    private const int MostKnown = 1024;

    private readonly Lock _gate = new(); // guards the fields below
    private readonly Dictionary<IPAddress, LinkedList<Action>> _open = [];
    private readonly Newest<IPAddress, bool> _known = new(MostKnown);
    private int _all;

    /// <summary>Counts a connection; null if it is refused.</summary>
    /// <param name="address">The address of the peer.</param>
    /// <param name="drop">Drops the connection, when it has to give way.</param>
    /// <returns>The place, to be given back with <see cref="Leave"/>.</returns>
    public LinkedListNode<Action>? TryEnter(IPAddress address, Action drop)
    {
        Action? gives = null;
        LinkedListNode<Action>? place = null;
        lock (_gate)
        {
            var isFull = _open.TryGetValue(address, out var open) && open.Count >= each;
            if (isFull || _all < all || _known.TryGet(address, out _))
            {
                open ??= _open[address] = new();
                place = open.AddLast(drop);
                _all++;
                if (isFull)
                {
                    gives = open.First!.Value;
                    Remove(address, open.First);
                }
            }
        }

        gives?.Invoke();
        return place;
    }

    /// <summary>Gives a place back.</summary>
    /// <param name="address">The address of the peer.</param>
    /// <param name="place">The place.</param>
    /// <param name="greeted">Whether the peer has greeted, so that its address is known from now on.</param>
    public void Leave(IPAddress address, LinkedListNode<Action> place, bool greeted)
    {
        lock (_gate)
        {
            Remove(address, place);
            if (greeted)
            {
                _known.Remove(address); // and is the newest again
                _known.Set(address, true);
            }
        }
    }

    private void Remove(IPAddress address, LinkedListNode<Action> place)
    {
        if (place.List is not { } open)
        {
            return; // it has given way
        }

        open.Remove(place);
        _all--;
        if (open.Count == 0)
        {
            _open.Remove(address);
        }
    }
}
