using Microsoft.Extensions.Logging;
using Proxy.Channels.Tunnel;
using Proxy.Configuration.Reading;
using Proxy.Timing;

namespace Proxy.Channels.Membership;

/// <summary>Keeps asking one candidate what it is, and reports every answer, its silence and its end.</summary>
/// <param name="candidate">The candidate.</param>
/// <param name="self">The own instance: where that answers, asking ends.</param>
/// <param name="reader">Reads answers.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">Takes why one that is there is no member.</param>
/// <param name="report">Takes the candidate's key, the member, and why there is none any more.</param>
internal sealed partial class HelloWatch(
    HelloCandidate candidate,
    MemberRecord self,
    HelloReader reader,
    TimeProvider time,
    ILogger logger,
    Action<string, MemberRecord?, DepartureReason> report
) : IAsyncDisposable
{
    /// <summary>How long nothing may be heard of a member before it is gone.</summary>
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

    /// <summary>Completes once it has answered, or has not.</summary>
    public Task Asked => _asked.Task;

    /// <summary>Begins; what an ended watch of the same member knew is known still, and its lease runs on.</summary>
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
                backoff.Reset(); // it is asked again at once: its connection may be all that was lost
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

    /// <summary>Reads one stream to its end; whether the candidate had answered.</summary>
    private async Task<bool> ListenAsync(CancellationToken cancellationToken)
    {
        var answered = false;
        _ = HostAndPort.TryParse(candidate.Address, out var address);
        // One that is frozen takes connections and answers nothing: then the lease is over before the attempt.
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
            // It is away; how long decides what becomes of it.
        }

        // It says nothing while nothing changes: it was there until its stream ended.
        _heard = answered ? time.GetTimestamp() : _heard;

        return answered;
    }

    /// <summary>What is left of its lease; for ever when it has none.</summary>
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

    // It is asked again and again, and says the same.
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
        [LoggerMessage(LogLevel.Warning, "The instance at {Address} is no member: {Reason}.")]
        public static partial void Refused(ILogger logger, string address, string reason);
    }
}
