using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using Proxy.Configuration.Channels;

namespace Proxy.Channels.Membership;

/// <summary>
/// Filters the updates of a provider by <see cref="LossGuard"/>: members whose lease has ended or whose loss is doubtful are queried directly before they
/// count as gone.
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
    private const int FewestAtOnce = 32;
    private const int MostAtOnce = 512;
    private static readonly TimeSpan _firstLimit = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan _review = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan _askAgain = TimeSpan.FromSeconds(2);

    private readonly LossGuard _guard = new(config, time); // used by the reader alone, as are all fields below
    private readonly ConcurrentQueue<(string Id, MemberRecord? Answer, bool IsCut)> _results = new(); // filled by queries, at most two of each member
    private Task? _askingLost;
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

        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        await using var updates = inner.ReadAsync(ending.Token).GetAsyncEnumerator(ending.Token);
        var next = updates.MoveNextAsync().AsTask();
        try
        {
            Task? tick = null;
            while (
                await WaitAsync(
                    next,
                    Task.WhenAny(tick ??= NextReview(cancellationToken), _asking ?? tick, _askingLost ?? tick),
                    cancellationToken
                )
            )
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
        finally
        {
            // However this ends, also by a query that fails or is cancelled: an enumerator must not be disposed while it is being read.
            await ending.CancelAsync();
            await ((Task)next).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private Task NextReview(CancellationToken cancellationToken) => Task.Delay(_review, time, cancellationToken);

    private static async Task<bool> WaitAsync(Task next, Task other, CancellationToken cancellationToken)
    {
        await Task.WhenAny(next, other);
        return !cancellationToken.IsCancellationRequested;
    }

    private async Task<IReadOnlyList<MembershipUpdate>> ReviewAsync(CancellationToken cancellationToken)
    {
        var updates = new List<MembershipUpdate>();
        var (isOver, isFirstOver) = (_asking is { IsCompleted: true }, _askingLost is { IsCompleted: true });
        updates.AddRange(_guard.Hear(Results())); // those of a round that goes on too, since members that are lost may make it long
        if (isOver)
        {
            await _asking!;
            (_asking, _asked) = (null, time.GetTimestamp());
        }

        if (isFirstOver)
        {
            await _askingLost!;
            _askingLost = null;
        }

        updates.AddRange(_guard.Release());
        if (_askingLost is null && _guard.Lost is { Count: > 0 } lost)
        {
            _askingLost = AskAsync(lost, AskOnceAsync, cancellationToken);
        }

        if (_asking is null && (_asked == 0 || time.GetElapsedTime(_asked) >= _askAgain) && _guard.Doubtful is { Count: > 0 } doubtful)
        {
            _asking = AskAsync(doubtful, async (member, token) => (await ask(member, token), false), cancellationToken);
        }

        return updates;
    }

    private IEnumerable<(string Id, MemberRecord? Answer, bool IsCut)> Results()
    {
        while (_results.TryDequeue(out var result))
        {
            yield return result;
        }
    }

    // A process that has ended refuses at once. A host that is frozen or lost does not answer, and may not delay the news for long.
    private async Task<(MemberRecord? Answer, bool IsCut)> AskOnceAsync(MemberRecord member, CancellationToken cancellationToken)
    {
        using var late = new CancellationTokenSource(_firstLimit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancellationToken);
        try
        {
            var answer = await ask(member, either.Token).WaitAsync(either.Token);
            return (answer, answer is null && late.IsCancellationRequested);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return (null, true);
        }
    }

    private Task AskAsync(
        IReadOnlyList<MemberRecord> members,
        Func<MemberRecord, CancellationToken, Task<(MemberRecord? Answer, bool IsCut)>> askOne,
        CancellationToken cancellationToken
    )
    {
        var atOnce = Math.Clamp(members.Count / 4, FewestAtOnce, MostAtOnce);
        var options = new ParallelOptions { MaxDegreeOfParallelism = atOnce, CancellationToken = cancellationToken };
        return Parallel.ForEachAsync(
            members,
            options,
            async (member, token) =>
            {
                var (answer, isCut) = await askOne(member, token);
                _results.Enqueue((member.Id, answer?.Id == member.Id ? answer : null, isCut));
            }
        );
    }
}
