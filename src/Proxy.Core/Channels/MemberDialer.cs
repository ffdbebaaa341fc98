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
/// Dials members through tunnels. Of a service another member is tried until one answers, three at most; a member by name is the only
/// one. The first member of a service, and the new start of a member by name, are waited for.
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

    /// <summary>Dials for a client, whose bytes stay unread meanwhile.</summary>
    /// <param name="endpoint">A <see cref="MemberEndPoint"/>.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <returns>A tunnel; its place at the member is the end point's.</returns>
    /// <exception cref="DialFailedException">No member is there, or none has answered.</exception>
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
        int? port = channel.Type == ChannelType.Duplex ? channel.AllPorts[0] : null; // a service has one
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

    /// <summary>A member to try; the first one is waited for.</summary>
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
                !isAnother // a new start of the member answers there, and what that says of itself is on its way
                || !await IsNewerAsync(member, _patience - time.GetElapsedTime(started), cancellationToken)
            )
            {
                return tunnel;
            }
        }

        return null;
    }

    /// <summary>Waits until something else is known of a member than what was believed.</summary>
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

    /// <summary>One attempt; whether another instance, or another start of it, has answered (421).</summary>
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

    // What the member answered, or what became of the way to it.
    private static string Describe(Exception exception) =>
        exception is TunnelRefusedException refused ? refused.Status.ToString(CultureInfo.InvariantCulture)
        : exception.InnerException is SocketException socket ? ErrorType.Of(socket)
        : ErrorType.Of(exception);
}
