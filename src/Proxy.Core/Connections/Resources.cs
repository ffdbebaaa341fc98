using System.Net.Sockets;
using Proxy.Native;

namespace Proxy.Connections;

/// <summary>
/// The one gate for descriptors of the process, which everything that accepts or dials asks first: .NET aborts the process if it cannot open
/// a descriptor for itself. Of the limit (RLIMIT_NOFILE) some are kept free for the runtime, some for dials for clients that are accepted
/// already, one for each HTTP connection without a request under way, which may dial with the next one, and one for each free place of the admin address. Thread-safe.
/// </summary>
public sealed class Resources
{
    private const int Slack = 64; // for descriptors that are opened without asking: assemblies, files, hooks, name resolution
    private const int DialsShare = 16;
    private const int LeastDials = 16;
    private const int MostDials = 1024;

    // Counting takes microseconds, so it is not done each time. What is let through between two counts opens fewer than this many each.
    private const int MostPerUse = 8;
    private const int LeastUses = 4;

    private const int PerClient = 2;
    private const int LeastClients = 16;
    private const int Start = 32; // assemblies and listeners that the rest of the start opens

    private const long Never = long.MinValue;
    private static readonly TimeSpan _spareCounts = TimeSpan.FromSeconds(1);

    private readonly Func<int> _count;
    private readonly TimeProvider _time;
    private readonly int _dials;
    private int _admin;
    private int _http; // HTTP connections
    private int _httpBusy; // those of them with requests under way
    private int _httpDials; // connections to their destinations, open or being opened
    private int _uses; // how many may pass before the next count
    private long _pausedSince;
    private long _pauses;
    private long _spareCounted = Never;

    /// <param name="limit">The number of descriptors that the process may have; <see cref="int.MaxValue"/> for no limit.</param>
    /// <param name="count">Counts the open ones.</param>
    /// <param name="time">The clock of <see cref="PausedSince"/>.</param>
    internal Resources(int limit, Func<int> count, TimeProvider time)
    {
        (Limit, _count, _time) = (limit, count, time);
        _dials = Math.Clamp(limit / DialsShare, LeastDials, MostDials);
    }

    /// <summary>The gate of this process; without limit on systems that do not report one.</summary>
    public static Resources OfProcess { get; } = new(OpenFiles.ReadLimit(), OpenFiles.Count, TimeProvider.System);

    /// <summary>The number of descriptors that the process may have; <see cref="int.MaxValue"/> without a limit.</summary>
    public int Limit { get; }

    /// <summary>The number of open descriptors; 0 without a limit.</summary>
    public int Open => IsLimited ? _count() : 0;

    /// <summary>How many descriptors are kept free while clients are accepted.</summary>
    public int Reserve => Slack + _dials + Volatile.Read(ref _admin) + Promised;

    /// <summary>How many clients could be accepted now, with two descriptors each; null without a limit.</summary>
    public int? Clients => IsLimited ? Math.Max(0, (Limit - Reserve - _count()) / PerClient) : null;

    /// <summary>Since when no client is accepted, because the reserve is in use; null if clients are accepted.</summary>
    public DateTimeOffset? PausedSince
    {
        get
        {
            if (Interlocked.Read(ref _pausedSince) != 0)
            {
                Count();
            }

            return Interlocked.Read(ref _pausedSince) is not 0 and var ticks ? new DateTimeOffset(ticks, TimeSpan.Zero) : null;
        }
    }

    /// <summary>How often accepting has paused since the start.</summary>
    public long Pauses => Interlocked.Read(ref _pauses);

    // A client of TCP dials at once, and its descriptor is counted then. Of HTTP many may have come whose requests follow. Only a client with a request
    // under way has got its descriptor: what waits in a pool may be of another destination than the next request.
    private int Promised => Math.Max(0, Volatile.Read(ref _http) - Math.Min(Volatile.Read(ref _httpBusy), Volatile.Read(ref _httpDials)));

    private bool IsLimited => Limit != int.MaxValue;

    /// <summary>Changes how many descriptors are kept for the admin address: one for each free place there.</summary>
    /// <param name="places">The change, which may be negative.</param>
    public void KeepForAdmin(int places) => Interlocked.Add(ref _admin, places);

    /// <summary>Changes how many HTTP connections are open: a descriptor is kept for each one's destination, but while <see cref="HttpPromise"/> says that it has one.</summary>
    /// <param name="connections">The change, which may be negative.</param>
    public void CountHttp(int connections) => Interlocked.Add(ref _http, connections);

    /// <summary>Changes how many HTTP connections have requests under way.</summary>
    internal void CountHttpBusy(int connections) => Interlocked.Add(ref _httpBusy, connections);

    /// <summary>Changes how many connections to destinations of HTTP are open.</summary>
    internal void CountHttpDial(int connections) => Interlocked.Add(ref _httpDials, connections);

    /// <summary>Whether a dial failed for want of descriptors, ports or buffers of this host, which says nothing about the destination.</summary>
    internal static bool IsShortage(Exception exception) =>
        exception
            is NoLocalPortException
                or SocketException { SocketErrorCode: SocketError.TooManyOpenSockets or SocketError.NoBufferSpaceAvailable };

    /// <summary>Whether a client may be accepted.</summary>
    public bool MayAccept() => MayOpen(Reserve);

    /// <summary>
    /// Whether descriptors may be opened that can be done without, such as pipes: while clients are accepted. It may be asked for each transfer, so
    /// it counts once a second at most, and a refusal is no pause of accepting.
    /// </summary>
    internal bool MaySpare()
    {
        if (!IsLimited || (Volatile.Read(ref _uses) > 0 && Interlocked.Decrement(ref _uses) >= 0))
        {
            return true;
        }

        var counted = Volatile.Read(ref _spareCounted);
        return (counted == Never || _time.GetElapsedTime(counted) >= _spareCounts)
            && Interlocked.CompareExchange(ref _spareCounted, _time.GetTimestamp(), counted) == counted
            && Note(_count()) > 0;
    }

    /// <summary>Whether a connection to the admin address may be accepted.</summary>
    public bool MayAcceptAdmin() => MayOpen(Slack);

    /// <summary>Throws unless a client may be accepted.</summary>
    /// <exception cref="SocketException">The reserve is in use.</exception>
    public void BeforeAccept()
    {
        if (!MayAccept())
        {
            throw Exhausted();
        }
    }

    /// <summary>Throws unless a destination may be dialed, for which a part of the reserve is kept.</summary>
    /// <exception cref="SocketException">That part is in use, too.</exception>
    public void BeforeDial()
    {
        if (!MayOpen(Reserve - _dials))
        {
            throw Exhausted();
        }
    }

    /// <summary>Throws unless a destination of HTTP may be dialed, for which what is kept for HTTP connections may be used too.</summary>
    /// <exception cref="SocketException">That is in use, too.</exception>
    internal void BeforeHttpDial()
    {
        if (!MayOpen(Slack + Volatile.Read(ref _admin)))
        {
            throw Exhausted();
        }
    }

    /// <summary>Checks before the start that the limit leaves room for some clients.</summary>
    /// <exception cref="IOException">It does not; the message says how high it has to be.</exception>
    public void CheckRoom()
    {
        if (IsLimited && _count() + Start is var open && Limit - Reserve - open < LeastClients * PerClient)
        {
            throw new IOException(
                $"The process may have {Limit} open files, which is too few (ulimit -n, LimitNOFILE): {open} are open without any client, "
                    + $"{Reserve} are kept free, {Volatile.Read(ref _admin)} of them for the admin address. "
                    + $"At least {open + Reserve + (LeastClients * PerClient)} are needed to serve {LeastClients} clients."
            );
        }
    }

    /// <summary>The exception of a failure to accept or dial for lack of descriptors.</summary>
    internal SocketException Exhausted() =>
        new((int)SocketError.TooManyOpenSockets, $"too many open files: this process may have {Limit} (ulimit -n)");

    private bool MayOpen(int reserve) => !IsLimited || Interlocked.Decrement(ref _uses) >= 0 || Count() < Limit - reserve;

    private int Count()
    {
        var open = _count();
        if (Note(open) <= 0 && Interlocked.CompareExchange(ref _pausedSince, _time.GetUtcNow().UtcTicks, 0) == 0)
        {
            Interlocked.Increment(ref _pauses);
        }

        return open;
    }

    /// <summary>Notes how much room a count has found, and returns it.</summary>
    private int Note(int open)
    {
        var room = Limit - Reserve - open;
        Volatile.Write(ref _uses, room > 0 ? Math.Max(room / MostPerUse, LeastUses) : 0);
        if (room > 0)
        {
            Interlocked.Exchange(ref _pausedSince, 0);
        }

        return room;
    }
}
