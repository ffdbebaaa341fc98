using System.Net;
using Microsoft.AspNetCore.Connections;
using Proxy.Channels.Membership;
using Proxy.Channels.Tunnel;
using Proxy.Configuration.Channels;
using Proxy.Connections;
using Proxy.Diagnostics;

namespace Proxy.Channels;

/// <summary>
/// Dials members through tunnels. For a service, up to three members are tried: another one when an attempt fails or has no answer after
/// 500 ms; the first that answers serves the client. For a member by name, only that one is tried, and not while it is suspect. Waits up to
/// 2 s for the first member of a service to appear, and for a restarted member to publish itself.
/// </summary>
internal sealed class MemberDialer(
    TunnelConnectionFactory tunnels,
    MemberDirectory members,
    MemberBalancer balancer,
    MemberSuspicion suspicion,
    TunnelMetrics metrics,
    TimeProvider time
) : IConnectionFactory
{
    private const int Attempts = 3;
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(2);

    /// <summary>Opens a tunnel for a client. Bytes of the client stay unread until it is open.</summary>
    /// <param name="endpoint">A <see cref="MemberEndPoint"/>.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <returns>The tunnel. The place it takes at the member belongs to the end point, which gives it back.</returns>
    /// <exception cref="DialFailedException">There is no member, or none has accepted the tunnel.</exception>
    public async ValueTask<ConnectionContext> ConnectAsync(EndPoint endpoint, CancellationToken cancellationToken = default)
    {
        var wanted = (MemberEndPoint)endpoint;
        var tunnel = wanted switch
        {
            { Channel: null } => null,
            { Member: { } id } => await ReachAsync(wanted, id, cancellationToken),
            _ => await FindAsync(wanted, wanted.Channel, cancellationToken),
        };
        return tunnel
            ?? throw new DialFailedException(
                wanted.Client.DestinationId is null ? ConnectionOutcome.NoDestination : ConnectionOutcome.ConnectFailed
            );
    }

    private async Task<ConnectionContext?> FindAsync(MemberEndPoint wanted, ChannelConfig channel, CancellationToken cancellationToken)
    {
        int? port = channel.Type == ChannelType.Duplex ? channel.AllPorts[0] : null; // a service has one port, which needs no naming
        var tried = new List<string>();
        var running = new List<TunnelAttempt>();
        try
        {
            while (true)
            {
                var member = tried.Count < Attempts ? await PickAsync(channel, tried, cancellationToken) : null;
                if (member is not null)
                {
                    tried.Add(member.Id);
                    running.AddRange(Start(wanted, member, port, cancellationToken) is { } attempt ? [attempt] : []);
                }
                else if (running.Count == 0)
                {
                    wanted.Client.DestinationId = tried.LastOrDefault();
                    return null;
                }

                if (await NextAsync(wanted, running, member is not null && tried.Count < Attempts) is { } tunnel)
                {
                    return tunnel;
                }
            }
        }
        finally
        {
            running.ForEach(GiveUp);
        }
    }

    /// <summary>
    /// Waits until an attempt has ended, or, if another member can be tried, until the newest one has taken too long; returns the tunnel of one
    /// that has succeeded.
    /// </summary>
    private async Task<ConnectionContext?> NextAsync(MemberEndPoint wanted, List<TunnelAttempt> running, bool mayTryAnother)
    {
        if (running is not [.., var newest])
        {
            return null;
        }

        var ends = running.Select(static attempt => (Task)attempt.Tunnel);
        await Task.WhenAny(mayTryAnother ? ends.Append(newest.Late) : ends);
        foreach (var ended in running.FindAll(static attempt => attempt.Tunnel.IsCompleted))
        {
            await ended.Tunnel; // fails if it was cancelled
            running.Remove(ended);
            if (End(wanted, ended) is { } tunnel)
            {
                return tunnel;
            }
        }

        return null;
    }

    /// <summary>Picks a member to try; waits for one only at the first attempt.</summary>
    private async Task<MemberRecord?> PickAsync(ChannelConfig channel, List<string> tried, CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        while (true)
        {
            var set = members.Current;
            var left = _patience - time.GetElapsedTime(started);
            if (balancer.Pick(channel, set, tried) is { } member)
            {
                return member;
            }

            if (tried.Count > 0 || channel.WhenEmpty == WhenEmpty.Refuse || left <= TimeSpan.Zero)
            {
                return null;
            }

            await WaitForChangeAsync(set, left, cancellationToken);
        }
    }

    private async Task<ConnectionContext?> ReachAsync(MemberEndPoint wanted, string id, CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        while (members.Current.All.TryGetValue(id, out var member))
        {
            wanted.Client.DestinationId = id;
            if (suspicion.Has(id) || Start(wanted, member, wanted.Port, cancellationToken) is not { } attempt)
            {
                return null;
            }

            var tunnel = await TryAsync(wanted, attempt);
            if (
                !attempt.IsAnother // the member has restarted: its new record is about to arrive
                || !await IsNewerAsync(member, _patience - time.GetElapsedTime(started), cancellationToken)
            )
            {
                return tunnel;
            }
        }

        return null;
    }

    /// <summary>Waits until the record of a member differs from the one that was dialed; false when the time limit is over.</summary>
    private async Task<bool> IsNewerAsync(MemberRecord believed, TimeSpan limit, CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        while (true)
        {
            var set = members.Current;
            if (
                set.All.GetValueOrDefault(believed.Id) is not { } member
                || (member.Epoch, member.Address) != (believed.Epoch, believed.Address)
            )
            {
                return true;
            }

            var left = limit - time.GetElapsedTime(started);
            if (left <= TimeSpan.Zero)
            {
                return false;
            }

            await WaitForChangeAsync(set, left, cancellationToken);
        }
    }

    private async Task WaitForChangeAsync(MemberSet set, TimeSpan limit, CancellationToken cancellationToken)
    {
        await set.Changed.Task.WaitAsync(limit, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        cancellationToken.ThrowIfCancellationRequested();
    }

    private async Task<ConnectionContext?> TryAsync(MemberEndPoint wanted, TunnelAttempt attempt)
    {
        try
        {
            await attempt.Tunnel;
        }
        catch
        {
            GiveUp(attempt);
            throw;
        }

        return End(wanted, attempt);
    }

    private TunnelAttempt? Start(MemberEndPoint wanted, MemberRecord member, int? port, CancellationToken cancellationToken) =>
        TunnelAttempt.Start(tunnels, wanted, member, port, suspicion, time, cancellationToken);

    /// <summary>Takes the tunnel of an attempt that has ended; null if it failed.</summary>
    private ConnectionContext? End(MemberEndPoint wanted, TunnelAttempt attempt)
    {
        using (attempt)
        {
            metrics.Asked(ChannelSlots.Calls, attempt.Member, attempt.Status);
            if (attempt.Status != TunnelProtocol.Accepted)
            {
                return null;
            }

            if (attempt.HasOwnConnection)
            {
                wanted.Client.HasOwnTunnel = true;
            }

            // Set before the check: a member that goes later finds the connection by it.
            wanted.Client.DestinationId = attempt.Member;
            if (!members.Current.All.ContainsKey(attempt.Member))
            {
                return null;
            }

            Opened(wanted, attempt.Member);
            return attempt.Take();
        }
    }

    private void GiveUp(TunnelAttempt attempt)
    {
        using (attempt)
        {
            metrics.Asked(ChannelSlots.Calls, attempt.Member, attempt.Status);
        }
    }

    private void Opened(MemberEndPoint wanted, string member)
    {
        metrics.Opened(wanted.Client);
        balancer.Opened(member);
        wanted.Keep(() =>
        {
            balancer.Closed(member);
            metrics.Ended(wanted.Client);
        });
    }
}
