using Proxy.Channels.Membership;
using Proxy.Configuration.Channels;

namespace Proxy.Channels;

/// <summary>
/// Publishes this instance to its group, and again when its connectors, the readiness of its servers or its state (up, draining) change.
/// </summary>
internal sealed class Announcement(ThisInstance instance, CurrentChannels channels, ReadyProbe probe, ChosenMembership membership)
{
    private string _address = "";
    private MemberRecord? _published;

    /// <summary>The record that is published when this instance joins.</summary>
    /// <param name="address">The address that its tunnel is bound to. Others dial it unless the configuration names another one.</param>
    public MemberRecord First(string address)
    {
        _address = channels.Config.Tunnel.Advertise ?? address;
        return _published = Now(draining: false);
    }

    /// <summary>Publishes the record if it has changed.</summary>
    public async Task ReconcileAsync(bool draining, CancellationToken cancellationToken)
    {
        var now = Now(draining);
        if (!now.Equals(_published))
        {
            _published = now;
            await membership.PublishAsync(now, cancellationToken);
        }
    }

    private MemberRecord Now(bool draining)
    {
        var config = channels.Config;
        return new MemberRecord(instance.Id, instance.Epoch, _address, instance.Address)
        {
            Role = config.Instance.Role,
            Zone = config.Instance.Zone,
            State = draining ? MemberState.Draining : MemberState.Up,
            Connectors =
            [
                .. config
                    .Items.GroupBy(static pair => pair.Value.Connector, StringComparer.OrdinalIgnoreCase)
                    .OrderBy(static group => group.Key, StringComparer.Ordinal)
                    .Select(Part),
            ],
        };
    }

    private MemberConnector Part(IGrouping<string, KeyValuePair<string, ChannelConfig>> connector)
    {
        var served = connector.FirstOrDefault(static pair => pair.Value.Serves);
        return served.Value is { } channel
            ? new(connector.Key, probe.IsReady(served.Key, channel), channel.Type == ChannelType.Duplex, channel.AllPorts)
            : new(connector.Key, false, connector.First().Value.Type == ChannelType.Duplex, []);
    }
}
