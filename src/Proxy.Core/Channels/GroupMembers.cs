using Proxy.Channels.Membership;
using Proxy.Channels.Monitoring;
using Proxy.Configuration.Channels;

namespace Proxy.Channels;

/// <summary>Follows the membership: every update becomes the set of members that all parts read, and what it says of connections is done.</summary>
internal sealed class GroupMembers(
    CurrentChannels channels,
    ChosenMembership chosen,
    GuardedMembership guarded,
    MemberDirectory members,
    MemberFile file,
    ConnectionCutter cutter,
    ChannelMonitor monitor
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

    /// <summary>Applies updates until a token ends it.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        await foreach (var update in guarded.ReadAsync(cancellationToken))
        {
            foreach (var id in members.Apply(update))
            {
                cutter.CutGone(id, channels.Config.MemberDrainTimeout, () => members.Current.All.ContainsKey(id));
            }

            ReportRefused();
            IsKnown = guarded.IsKnown;
            channels.Changed.Set();
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
}
