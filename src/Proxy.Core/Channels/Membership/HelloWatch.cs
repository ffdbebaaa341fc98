using Microsoft.Extensions.Logging;
using Proxy.Channels.Tunnel;
using Proxy.Configuration.Reading;
using Proxy.Timing;

namespace Proxy.Channels.Membership;

/// <summary>
/// Follows one candidate: opens its hello stream again and again, and reports each record, its silence and its departure.
/// </summary>
/// <param name="candidate">The candidate.</param>
/// <param name="self">The record of this instance. A candidate that turns out to be this instance is not followed further.</param>
/// <param name="reader">Reads answers.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">Logs why a candidate that answers is not a member.</param>
/// <param name="report">Called with the candidate's key, its record, and, when it is no member any more, the reason.</param>
internal sealed partial class HelloWatch(
    HelloCandidate candidate,
    MemberRecord self,
    HelloReader reader,
    TimeProvider time,
    ILogger logger,
    Action<string, MemberRecord?, DepartureReason> report
) : IAsyncDisposable
{
    /// <summary>How long a member may be silent before it counts as gone.</summary>
    public static readonly TimeSpan Lease = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan _firstPause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan _longestPause = TimeSpan.FromSeconds(2);

    private readonly CancellationTokenSource _ending = new();
    private readonly TaskCompletionSource _asked = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Task _running = Task.CompletedTask;
    private volatile MemberRecord? _last;
    private long _heard;
    private string? _nonsense;
    private bool _isSelf;

    public HelloCandidate Candidate => candidate;

    /// <summary>Whether it is a member now.</summary>
    public bool IsMember => _last is not null;

    /// <summary>Completes after the first attempt, whether it was answered or not.</summary>
    public Task Asked => _asked.Task;

    /// <summary>Starts following. The record and the remaining lease of an earlier watch of the same candidate are taken over.</summary>
    public void Start(HelloWatch? before)
    {
        if (before?._last is { } last)
        {
            _heard = before._heard;
            _last = candidate.Limit(last with { Address = candidate.Address });
            report(candidate.Key, _last, DepartureReason.Left);
        }

        _running = RunAsync(_ending.Token);
    }

    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync();
        await _running;
        _asked.TrySetResult();
        _ending.Dispose();
    }

    private async Task RunAsync(CancellationToken cancellationToken)
    {
        var backoff = new Backoff(time, _firstPause, _longestPause);
        while (!cancellationToken.IsCancellationRequested)
        {
            if (await ListenAsync(cancellationToken))
            {
                backoff.Reset(); // at once: perhaps only its connection was lost
            }

            var pause = backoff.Fail();
            _asked.TrySetResult();
            if (cancellationToken.IsCancellationRequested || _isSelf)
            {
                return;
            }

            Doubt();
            var left = Left();
            await Task.Delay(left >= TimeSpan.Zero && left < pause ? left : pause, time, cancellationToken)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Reads one stream to its end. Returns whether the candidate answered.</summary>
    private async Task<bool> ListenAsync(CancellationToken cancellationToken)
    {
        var answered = false;
        _ = HostAndPort.TryParse(candidate.Address, out var address);
        // A process that is frozen accepts connections but never answers. The lease must end on time then, before the attempt does.
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        await using var lease = time.CreateTimer(
            static state => ((CancellationTokenSource)state!).Cancel(),
            either,
            Left(),
            Timeout.InfiniteTimeSpan
        );
        try
        {
            await foreach (var member in reader.ReadAsync(new TunnelEndPoint(candidate.Id, address!, ""), candidate.Address, either.Token))
            {
                lease.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
                _isSelf = member is not null && (member.Id, member.Epoch) == (self.Id, self.Epoch);
                if (_isSelf)
                {
                    return true;
                }

                answered = answered || member is not null;
                Report(member is null ? null : candidate.Limit(member), DepartureReason.Left);
            }
        }
        catch (InvalidDataException exception)
        {
            Note(exception.Message);
        }
        catch (Exception exception) when (HelloReader.IsAway(exception))
        {
            // It does not answer. How long that lasts decides whether it counts as suspect or gone.
        }

        // A stream without changes is silent, so the member was alive until the stream ended.
        _heard = answered ? time.GetTimestamp() : _heard;

        return answered;
    }

    /// <summary>The remaining lease; infinite when the candidate is no member.</summary>
    private TimeSpan Left()
    {
        var left = Lease - time.GetElapsedTime(_heard);
        return _last is null ? Timeout.InfiniteTimeSpan
            : left > TimeSpan.Zero ? left
            : TimeSpan.Zero;
    }

    private void Doubt()
    {
        if (_last is not { } last)
        {
            return;
        }

        if (time.GetElapsedTime(_heard) >= Lease)
        {
            Report(null, DepartureReason.Expired);
        }
        else if (last.State != MemberState.Suspect)
        {
            _last = last with { State = MemberState.Suspect };
            report(candidate.Key, _last, DepartureReason.Expired);
        }
    }

    // The candidate is tried again and again, so the same reason is logged once.
    private void Note(string nonsense)
    {
        if (nonsense != _nonsense)
        {
            _nonsense = nonsense;
            Log.Refused(logger, candidate.Address, nonsense);
        }
    }

    private void Report(MemberRecord? member, DepartureReason reason)
    {
        _nonsense = null;
        _heard = time.GetTimestamp();
        _last = member;
        report(candidate.Key, member, reason);
        _asked.TrySetResult();
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "The instance at {Address} is refused as a member, and is tried again: {Reason}.")]
        public static partial void Refused(ILogger logger, string address, string reason);
    }
}
