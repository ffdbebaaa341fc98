using System.Net;
using Microsoft.AspNetCore.Http;
using Proxy.Channels.Membership;
using Proxy.Channels.Tunnel;
using Proxy.Configuration.Channels;
using Proxy.Connections;

namespace Proxy.Channels;

/// <summary>
/// Decides whether to admit a tunnel that a peer requests: whether it is meant for this instance, its connector is served here and the peer
/// is allowed, and to which server it goes.
/// </summary>
internal sealed class TunnelAdmission(CurrentChannels channels, ThisInstance instance, MemberDirectory members)
{
    /// <summary>Admits a tunnel, or refuses it with an HTTP status.</summary>
    /// <param name="request">The request of the peer.</param>
    /// <param name="from">The id of the peer, from its certificate.</param>
    /// <param name="refusal">421 for another instance or start, 404 for a connector or port that is not served, 403 for a peer that may not.</param>
    /// <returns>The admitted tunnel; null when it is refused.</returns>
    public AdmittedTunnel? Admit(TunnelRequest request, string from, out int refusal)
    {
        var served = channels.Config.Server(request.Connector);
        var port = served is var (_, channel) ? Port(channel, request) : null;
        refusal =
            !IsMeant(request) ? StatusCodes.Status421MisdirectedRequest
            : port is null ? StatusCodes.Status404NotFound
            : !served!.Value.Channel.Allows(from, members.Current) ? StatusCodes.Status403Forbidden
            : 0;
        return refusal == 0 ? Admitted(served!.Value.Name, served.Value.Channel, from, port!.Value) : null;
    }

    private bool IsMeant(TunnelRequest request) =>
        (request.Instance is null || request.Instance.Equals(instance.Id, StringComparison.OrdinalIgnoreCase))
        && (request.Epoch is null || request.Epoch == instance.Epoch);

    // A service is requested by its name alone, a member of a ring by one of its ports.
    private static int? Port(ChannelConfig channel, TunnelRequest request) =>
        channel.Type == ChannelType.Reply ? channel.Port
        : request.Port is not { } asked
            ? channel.AllPorts is [var only] ? only
                : null
        : channel.AllPorts.Contains(asked) ? asked
        : null;

    private AdmittedTunnel Admitted(string name, ChannelConfig channel, string from, int port)
    {
        var target = new IPEndPoint(instance.BindIp, port);
        var source = Source(from);
        return new(
            name,
            channel,
            source is not null && channel.Type == ChannelType.Duplex ? new SourcedEndPoint(target, source) : target,
            source ?? IPAddress.Loopback
        );
    }

    // The address from which a local server would see its caller, which is also the one to call it back.
    private IPAddress? Source(string from) =>
        instance.HasAddresses && members.Current.All.GetValueOrDefault(from) is { } member ? instance.Local(member.LocalAddress) : null;
}

/// <summary>A tunnel that has been admitted.</summary>
/// <param name="Channel">The name of the channel that serves it.</param>
/// <param name="Config">The configuration of that channel.</param>
/// <param name="Server">The local server to connect to.</param>
/// <param name="Client">The local address that stands for the peer.</param>
internal sealed record AdmittedTunnel(string Channel, ChannelConfig Config, EndPoint Server, IPAddress Client);
