using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;
using Proxy.Channels.Membership;
using Proxy.Channels.Tunnel;
using Proxy.Configuration.Channels;
using Proxy.Configuration.Reading;
using Proxy.Connections;
using Proxy.Diagnostics;

namespace Proxy.Channels;

/// <summary>
/// Dials members through tunnels. For a service, up to three members are tried, one after the other; for a member by name, only that one.
/// Waits up to 2 s for the first member of a service to appear, and for a restarted member to publish itself.
/// </summary>
internal sealed class MemberDialer(
    TunnelConnectionFactory tunnels,
    MemberDirectory members,
    MemberBalancer balancer,
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
        var tried = new List<string>();
        int? port = channel.Type == ChannelType.Duplex ? channel.AllPorts[0] : null; // a service has one port, which needs no naming
        while (tried.Count < Attempts && await PickAsync(channel, tried, cancellationToken) is { } member)
        {
            tried.Add(member.Id);
            var (tunnel, _) = await TryAsync(wanted, member, port, cancellationToken);
            if (tunnel is not null)
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
            var (tunnel, isAnother) = await TryAsync(wanted, member, wanted.Port, cancellationToken);
            if (
                !isAnother // the member has restarted: its new record is about to arrive
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

    /// <summary>Makes one attempt. IsAnother tells whether another instance, or another start of it, has answered (status 421).</summary>
    private async Task<(ConnectionContext? Tunnel, bool IsAnother)> TryAsync(
        MemberEndPoint wanted,
        MemberRecord member,
        int? port,
        CancellationToken cancellationToken
    )
    {
        var record = wanted.Client;
        record.DestinationId = member.Id;
        if (!HostAndPort.TryParse(member.Address, out var address))
        {
            return (null, false);
        }

        var started = time.GetTimestamp();
        var error = ErrorType.Cancelled;
        try
        {
            var endPoint = new TunnelEndPoint(member.Id, address, wanted.Channel!.Connector)
            {
                Epoch = member.Epoch,
                Port = port,
                Client = record.Client,
                ConnectionId = record.Id,
                Trace = record.Span?.Context,
            };
            var tunnel = await tunnels.OpenAsync(endPoint, cancellationToken);
            error = null;
            Opened(wanted, member.Id);
            return (tunnel, false);
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException or TimeoutException)
        {
            var status = (exception as TunnelRefusedException)?.Status ?? TunnelProtocol.NoAnswer;
            metrics.Asked(ChannelSlots.Calls, member.Id, status);
            error = Describe(exception);
            return (null, status == StatusCodes.Status421MisdirectedRequest);
        }
        finally
        {
            record.Span?.Dialed(member.Id, member.Address, time.GetElapsedTime(started), error);
        }
    }

    private void Opened(MemberEndPoint wanted, string member)
    {
        metrics.Asked(ChannelSlots.Calls, member, TunnelProtocol.Accepted);
        metrics.Opened(wanted.Client);
        balancer.Opened(member);
        wanted.Keep(() =>
        {
            balancer.Closed(member);
            metrics.Ended(wanted.Client);
        });
    }

    // The status with which the member refused, or the kind of failure that kept the member from being reached.
    private static string Describe(Exception exception) =>
        exception is TunnelRefusedException refused ? refused.Status.ToString(CultureInfo.InvariantCulture)
        : exception.InnerException is SocketException socket ? ErrorType.Of(socket)
        : ErrorType.Of(exception);
}
