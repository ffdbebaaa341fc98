using Microsoft.Extensions.Logging;
using Proxy.Channels.Membership;
using Proxy.Channels.Monitoring;
using Proxy.Configuration.Channels;

namespace Proxy.Channels;

/// <summary>
/// Follows the membership: applies every update to the <see cref="MemberDirectory"/>, and closes the tunnels of members that are gone.
/// </summary>
internal sealed partial class GroupMembers(
    CurrentChannels channels,
    ChosenMembership chosen,
    GuardedMembership guarded,
    MemberDirectory members,
    MemberSuspicion suspicion,
    MemberHistory history,
    MemberFile file,
    ConnectionCutter cutter,
    ChannelMonitor monitor,
    ILogger<GroupMembers> logger
)
{
    private const int MostReported = 1000;
    private static readonly TimeSpan _grace = TimeSpan.FromSeconds(1); // within which a member whose connection alone was lost answers again

    private readonly HashSet<string> _reported = new(StringComparer.Ordinal);
    private MembershipConfig? _used;

    /// <summary>The members that are known at present.</summary>
    public MemberSet Current => members.Current;

    /// <summary>Whether the first set is known.</summary>
    public bool IsKnown { get; private set; }

    /// <summary>Joins the group.</summary>
    public Task StartAsync(MemberRecord self)
    {
        _used = channels.Config.Membership;
        return chosen.StartAsync(self, _used);
    }

    /// <summary>Leaves the group, when no tunnel is open any more.</summary>
    public Task LeaveAsync() => chosen.LeaveAsync();

    /// <summary>Applies updates until the token is cancelled. An update that cannot be applied is logged and skipped.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            await foreach (var update in guarded.ReadAsync(cancellationToken))
            {
                TryApply(update);
                IsKnown = guarded.IsKnown;
                channels.Changed.Set();
            }
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            Log.Ended(logger, exception);
            throw;
        }
    }

    /// <summary>Switches to the configured membership provider, and writes the members to disk.</summary>
    public async Task ReconcileAsync()
    {
        if (channels.Config.Membership is var config && !ReferenceEquals(config, _used))
        {
            await chosen.ApplyAsync(config);
            _used = config;
        }

        if (IsKnown)
        {
            file.Save(members.Current.Known.Values);
        }
    }

    private void TryApply(MembershipUpdate update)
    {
        try
        {
            var lost = members.Apply(update);
            history.Use(channels.Config.Membership);
            history.Follow(update, lost, members.Current);
            foreach (var id in lost)
            {
                cutter.CutGone(id, channels.Config.MemberDrainTimeout, () => members.Current.All.ContainsKey(id));
            }

            if (update is MembershipUpdate.Changed { Member: { State: MemberState.Suspect, Id: var silent } })
            {
                cutter.CutLost(silent, _grace, () => members.Current.All.GetValueOrDefault(silent) is { State: not MemberState.Suspect });
            }

            suspicion.Follow(update);
            ReportRefused();
        }
        catch (Exception exception)
        {
            Log.NotApplied(logger, exception);
        }
    }

    private void ReportRefused()
    {
        foreach (var reason in members.Current.Refused.Values)
        {
            if (_reported.Count < MostReported && _reported.Add(reason))
            {
                monitor.OnError(reason);
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Error, "Channels: a change of the members could not be applied and is skipped; later changes are applied.")]
        public static partial void NotApplied(ILogger logger, Exception exception);

        [LoggerMessage(
            LogLevel.Critical,
            "Channels: following the members has failed; the set of members stays as it is until the program is restarted."
        )]
        public static partial void Ended(ILogger logger, Exception exception);
    }
}
