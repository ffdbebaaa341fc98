using Microsoft.Extensions.Logging;
using Proxy.Channels.Membership;
using Proxy.Channels.Monitoring;
using Proxy.Configuration.Channels;

namespace Proxy.Channels;

/// <summary>Follows the membership: every update becomes the set of members that all parts read, and what it says of connections is done.</summary>
internal sealed partial class GroupMembers(
    CurrentChannels channels,
    ChosenMembership chosen,
    GuardedMembership guarded,
    MemberDirectory members,
    MemberFile file,
    ConnectionCutter cutter,
    ChannelMonitor monitor,
    ILogger<GroupMembers> logger
)
{
    private const int MostReported = 1000;

    private readonly HashSet<string> _reported = new(StringComparer.Ordinal);
    private MembershipConfig? _used;

    /// <summary>The members as they are known now.</summary>
    public MemberSet Current => members.Current;

    /// <summary>Whether the first set is known.</summary>
    public bool IsKnown { get; private set; }

    /// <summary>Joins the group.</summary>
    public Task StartAsync(MemberRecord self)
    {
        _used = channels.Config.Membership;
        return chosen.StartAsync(self, _used);
    }

    /// <summary>Applies updates until a token ends it. One that cannot be applied is logged, and those after it are applied.</summary>
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

    /// <summary>Uses the provider that is configured now, and keeps the set on disk.</summary>
    public async Task ReconcileAsync()
    {
        if (channels.Config.Membership is var config && !ReferenceEquals(config, _used))
        {
            await chosen.UseAsync(config);
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
            foreach (var id in members.Apply(update))
            {
                cutter.CutGone(id, channels.Config.MemberDrainTimeout, () => members.Current.All.ContainsKey(id));
            }

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
        [LoggerMessage(LogLevel.Error, "Channels: a change of the members was not applied; later ones are.")]
        public static partial void NotApplied(ILogger logger, Exception exception);

        [LoggerMessage(LogLevel.Critical, "Channels: members are not followed any more, and stay as they are until the next start.")]
        public static partial void Ended(ILogger logger, Exception exception);
    }
}
