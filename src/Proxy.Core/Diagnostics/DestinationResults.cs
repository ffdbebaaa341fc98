using System.Net.Sockets;

namespace Proxy.Diagnostics;

/// <summary>What happened at one destination lately: its dials, its checks, and its connections or requests. Thread-safe, of fixed size.</summary>
/// <param name="time">The clock.</param>
internal sealed class DestinationResults(TimeProvider time)
{
    private static readonly FailureReason[] _reasons = Enum.GetValues<FailureReason>();
    private readonly long[] _failures = new long[_reasons.Length];
    private volatile LastMinute _ends = new(time);
    private string? _address;
    private long _dials;
    private long _failedDials;
    private long _received;
    private long _sent;

    /// <summary>The dials that failed since the last one that succeeded.</summary>
    public FailureRun Dials { get; } = new(time);

    /// <summary>The active checks that failed since the last one that succeeded.</summary>
    public FailureRun Checks { get; } = new(time);

    /// <summary>The times that passive health took it out since it was healthy.</summary>
    public FailureRun TakenOut { get; } = new(time);

    /// <summary>The connections or requests that reached it and ended.</summary>
    public LastMinute Ends => _ends;

    /// <summary>Whether it was ever dialed or checked.</summary>
    public bool IsDialed
    {
        get => Volatile.Read(ref field);
        private set => Volatile.Write(ref field, value);
    }

    /// <summary>The sums since the start, without connections that are open.</summary>
    public DestinationTraffic Traffic =>
        new(Interlocked.Read(ref _dials), Interlocked.Read(ref _failedDials), Interlocked.Read(ref _received), Interlocked.Read(ref _sent));

    /// <summary>The number of failures since the start, by reason.</summary>
    public IEnumerable<(FailureReason Reason, long Count)> Failures =>
        _reasons.Select(reason => (reason, Interlocked.Read(ref _failures[(int)reason])));

    /// <summary>Records a dial. One to another address ends the run of failures, which were those of an earlier server.</summary>
    /// <param name="address">The configured address.</param>
    /// <param name="failure">Why it failed; null if it did not.</param>
    /// <param name="isShortage">Whether this host lacked what a dial needs, which says nothing about the destination.</param>
    public void Dialed(string address, Exception? failure, bool isShortage)
    {
        if (failure is null)
        {
            Reached(address);
        }
        else if (!isShortage)
        {
            NotReached(address, ReasonOf(failure), failure.Message);
        }
    }

    /// <summary>Records that it was connected, or answered a request.</summary>
    /// <param name="address">The configured address.</param>
    public void Reached(string address)
    {
        Follow(address);
        IsDialed = true;
        Interlocked.Increment(ref _dials);
        Dials.Succeeded();
        TakenOut.Succeeded();
    }

    /// <summary>Records that it could not be connected.</summary>
    /// <param name="address">The configured address.</param>
    /// <param name="reason">How that failed.</param>
    /// <param name="error">Why, as a sentence.</param>
    public void NotReached(string address, FailureReason reason, string? error)
    {
        Follow(address);
        IsDialed = true;
        Interlocked.Increment(ref _dials);
        Interlocked.Increment(ref _failedDials);
        Count(reason);
        Dials.Failed(error);
    }

    /// <summary>Records an active check.</summary>
    /// <param name="address">The configured address.</param>
    /// <param name="error">Why it failed; null if it did not.</param>
    public void Checked(string address, string? error)
    {
        Follow(address);
        IsDialed = true;
        if (error is null)
        {
            Checks.Succeeded();
            Dials.Succeeded(); // it connected, too
        }
        else
        {
            Checks.Failed(error);
        }
    }

    /// <summary>Records that a connection or request which had reached it ended.</summary>
    /// <param name="reason">How the destination failed it; null if it did not.</param>
    public void Ended(FailureReason? reason)
    {
        if (reason is { } failed)
        {
            Count(failed);
        }

        Ends.Note(reason?.ToString());
    }

    /// <summary>Adds the bytes of a connection or request that has ended.</summary>
    /// <param name="received">Bytes from the client.</param>
    /// <param name="sent">Bytes to the client.</param>
    public void Carried(long received, long sent)
    {
        Interlocked.Add(ref _received, received);
        Interlocked.Add(ref _sent, sent);
    }

    private void Count(FailureReason reason) => Interlocked.Increment(ref _failures[(int)reason]);

    private void Follow(string address)
    {
        if (!ReferenceEquals(_address, address) && Interlocked.Exchange(ref _address, address) is { } before && before != address)
        {
            Dials.Succeeded();
            Checks.Succeeded();
            TakenOut.Succeeded();
            _ends = new(time);
        }
    }

    private static FailureReason ReasonOf(Exception exception) =>
        exception switch
        {
            TlsFailedException tls => tls.Reason,
            IOException { InnerException: { } inner } => ReasonOf(inner),
            TimeoutException => FailureReason.TimedOut,
            SocketException socket => socket.SocketErrorCode switch
            {
                SocketError.ConnectionRefused => FailureReason.Refused,
                SocketError.TimedOut => FailureReason.TimedOut,
                SocketError.HostUnreachable or SocketError.NetworkUnreachable or SocketError.HostDown or SocketError.NetworkDown =>
                    FailureReason.Unreachable,
                SocketError.HostNotFound or SocketError.NoData or SocketError.TryAgain or SocketError.NoRecovery =>
                    FailureReason.NotResolved,
                _ => FailureReason.NotConnected,
            },
            _ => FailureReason.NotConnected,
        };
}
