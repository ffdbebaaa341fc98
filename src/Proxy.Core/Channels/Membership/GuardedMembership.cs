using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using Proxy.Configuration.Channels;

namespace Proxy.Channels.Membership;

/// <summary>
/// Filters the updates of a provider by <see cref="LossGuard"/>: members whose loss is doubtful are queried directly before they count as
/// gone.
/// </summary>
/// <param name="inner">The session with the provider; disposed by its owner.</param>
/// <param name="kept">The members that were saved on disk by an earlier start.</param>
/// <param name="config">Returns the configuration that applies now.</param>
/// <param name="ask">Queries a member directly; null when it does not answer.</param>
/// <param name="time">The clock.</param>
internal sealed class GuardedMembership(
    IMembershipSession inner,
    Func<IReadOnlyList<MemberRecord>> kept,
    Func<MembershipGuardConfig> config,
    Func<MemberRecord, CancellationToken, Task<MemberRecord?>> ask,
    TimeProvider time
)
{
    private const int AskedAtOnce = 32;
    private static readonly TimeSpan _review = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan _askAgain = TimeSpan.FromSeconds(2);

    private readonly LossGuard _guard = new(config, time); // used by the reader alone, as are all fields below
    private readonly ConcurrentQueue<(string Id, MemberRecord? Answer)> _results = new(); // filled by queries, at most one of each doubtful member
    private Task? _asking;
    private long _asked;

    /// <summary>Whether the provider has delivered a set of members, or reported that it cannot.</summary>
    public bool IsKnown { get; private set; }

    /// <summary>The updates that have passed the guard. One reader.</summary>
    public async IAsyncEnumerable<MembershipUpdate> ReadAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        foreach (var update in _guard.Begin(kept()))
        {
            yield return update;
        }

        await using var updates = inner.ReadAsync(cancellationToken).GetAsyncEnumerator(cancellationToken);
        var next = updates.MoveNextAsync().AsTask();
        Task? tick = null;
        while (await WaitAsync(next, Task.WhenAny(tick ??= NextReview(cancellationToken), _asking ?? tick), cancellationToken))
        {
            if (next.IsCompleted)
            {
                if (!await next)
                {
                    yield break;
                }

                IsKnown = true;
                foreach (var update in _guard.Take(updates.Current))
                {
                    yield return update;
                }

                next = updates.MoveNextAsync().AsTask();
            }

            tick = tick is { IsCompleted: true } ? null : tick;
            foreach (var update in await ReviewAsync(cancellationToken))
            {
                yield return update;
            }
        }
    }

    private Task NextReview(CancellationToken cancellationToken) => Task.Delay(_review, time, cancellationToken);

    // The enumerator of the provider's stream must not be disposed while it is being read.
    private static async Task<bool> WaitAsync(Task next, Task other, CancellationToken cancellationToken)
    {
        await Task.WhenAny(next, other);
        if (cancellationToken.IsCancellationRequested)
        {
            await next.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        return !cancellationToken.IsCancellationRequested;
    }

    private async Task<IReadOnlyList<MembershipUpdate>> ReviewAsync(CancellationToken cancellationToken)
    {
        var updates = new List<MembershipUpdate>();
        var isOver = _asking is { IsCompleted: true };
        updates.AddRange(_guard.Hear(Results())); // those of a round that goes on too, since members that are lost may make it long
        if (isOver)
        {
            await _asking!;
            (_asking, _asked) = (null, time.GetTimestamp());
        }

        if (_asking is null && (_asked == 0 || time.GetElapsedTime(_asked) >= _askAgain) && _guard.Doubtful is { Count: > 0 } doubtful)
        {
            _asking = AskAsync(doubtful, cancellationToken);
        }

        updates.AddRange(_guard.Release());
        return updates;
    }

    private IEnumerable<(string Id, MemberRecord? Answer)> Results()
    {
        while (_results.TryDequeue(out var result))
        {
            yield return result;
        }
    }

    private Task AskAsync(IReadOnlyList<MemberRecord> members, CancellationToken cancellationToken)
    {
        var options = new ParallelOptions { MaxDegreeOfParallelism = AskedAtOnce, CancellationToken = cancellationToken };
        return Parallel.ForEachAsync(
            members,
            options,
            async (member, token) =>
            {
                var answer = await ask(member, token);
                _results.Enqueue((member.Id, answer?.Id == member.Id ? answer : null));
            }
        );
    }
}
