using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Proxy.Channels.Membership;
using Proxy.Channels.Tunnel;
using Proxy.Timing;

namespace Proxy.Channels;

/// <summary>
/// The members that did not answer a dial of this instance. Each is queried again and again, and stays suspect until it is heard of: by an
/// answer to a dial or a query, or by a new record. The registry notices the loss of a host much later.
/// </summary>
/// <param name="members">The members.</param>
/// <param name="ask">Queries a member directly; null when it does not answer.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">Logs that a member does not answer.</param>
internal sealed partial class MemberSuspicion(
    MemberDirectory members,
    Func<MemberRecord, CancellationToken, Task<MemberRecord?>> ask,
    TimeProvider time,
    ILogger<MemberSuspicion> logger
) : IDisposable
{
    /// <summary>How long a dial may take before the member is suspect, and another one is dialed for the client of a service.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(500);

    private static readonly TimeSpan _firstPause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan _longestPause = TimeSpan.FromSeconds(2);

    private readonly ConcurrentDictionary<string, Suspicion> _suspects = new(StringComparer.Ordinal);
    private readonly TroubleFilter _logged = new(time);
    private readonly CancellationTokenSource _ending = new();

    /// <summary>Whether a member is suspect.</summary>
    /// <param name="member">The id of the member.</param>
    public bool Has(string member) => _suspects.ContainsKey(member);

    /// <summary>Since when a member has been suspect; null if it is not.</summary>
    /// <param name="member">The id of the member.</param>
    public DateTimeOffset? Since(string member) => _suspects.GetValueOrDefault(member)?.Since;

    /// <summary>The state of a member as this instance experiences it: suspect, or else what it publishes.</summary>
    public MemberState StateOf(MemberRecord member) => Has(member.Id) ? MemberState.Suspect : member.State;

    /// <summary>Makes a member suspect, since it did not answer a dial.</summary>
    public void Suspect(MemberRecord member)
    {
        var suspicion = new Suspicion(time.GetUtcNow()); // tells it from a later one of the same member
        if (members.Current.All.ContainsKey(member.Id) && _suspects.TryAdd(member.Id, suspicion))
        {
            if (_logged.IsNews(member.Id, "suspect"))
            {
                Log.Suspect(logger, member.Id, member.Address);
            }

            _ = AskAsync(member.Id, suspicion);
        }
    }

    /// <summary>Ends the suspicion of a member that has answered.</summary>
    /// <param name="member">The id of the member.</param>
    public void Heard(string member) => _suspects.TryRemove(member, out _);

    /// <summary>Ends the suspicion of members that an update reports as alive, or as gone.</summary>
    public void Follow(MembershipUpdate update)
    {
        switch (update)
        {
            case MembershipUpdate.Changed { Member: { State: not MemberState.Suspect } member }:
                Heard(member.Id);
                break;
            case MembershipUpdate.Gone gone:
                Heard(gone.Id);
                break;
            case MembershipUpdate.Full: // says that a registry has members, not that they are alive
                foreach (var gone in _suspects.Keys.Where(id => !members.Current.All.ContainsKey(id)))
                {
                    Heard(gone);
                }

                break;
        }
    }

    /// <inheritdoc />
    public void Dispose()
    {
        _ending.Cancel();
        _ending.Dispose();
    }

    // A member that is slow because its server is answers a query at once, and one that was lost answers when it is back.
    private async Task AskAsync(string id, Suspicion suspicion)
    {
        var cancellationToken = _ending.Token;
        var pause = new Backoff(time, _firstPause, _longestPause);
        try
        {
            while (_suspects.GetValueOrDefault(id) == suspicion && members.Current.All.TryGetValue(id, out var member))
            {
                if (await ask(member, cancellationToken) is { } answer && answer.Id == id)
                {
                    break;
                }

                await Task.Delay(pause.Fail(), time, cancellationToken);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The host has stopped.
        }
        finally
        {
            _suspects.TryRemove(new(id, suspicion));
        }
    }

    private sealed class Suspicion(DateTimeOffset since)
    {
        public DateTimeOffset Since => since;
    }

    private static partial class Log
    {
        [LoggerMessage(
            LogLevel.Warning,
            "Channels: member {Member} at {Address} does not answer; clients of services go to other members and those of this member are refused until it answers."
        )]
        public static partial void Suspect(ILogger logger, string member, string address);
    }
}
