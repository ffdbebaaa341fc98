using System.Globalization;
using System.Text.Json;
using Microsoft.Extensions.Configuration;

namespace Proxy.Channels.Monitoring;

/// <summary>
/// Provides the states of the channels as configuration: a read-only section ChannelState that reloads with each notification. Add it to
/// the application's configuration, not to the one that the proxy reads.
/// </summary>
/// <remarks>
/// The keys are ChannelState:BindIp, ChannelState:Ready and, below ChannelState:Items:{channel}, the state, with members by number.
/// </remarks>
public sealed class ChannelStateSource : IConfigurationSource
{
    /// <summary>The name of the section.</summary>
    public const string Section = "ChannelState";

    private readonly Provider _provider = new();

    internal INotificationSink Sink => _provider;

    /// <inheritdoc />
    public IConfigurationProvider Build(IConfigurationBuilder builder) => _provider;

    private sealed class Provider : ConfigurationProvider, INotificationSink
    {
        public string Text => "configuration";

        public Task<string?> DeliverAsync(ChannelNotice notice, CancellationToken cancellationToken)
        {
            var data = new Dictionary<string, string?>(Data, StringComparer.OrdinalIgnoreCase) { [$"{Section}:BindIp"] = notice.BindIp };
            if (notice.State is { } state)
            {
                Write(data, $"{Section}:Items:{state.Channel}", state);
            }
            else
            {
                data[$"{Section}:Ready"] = notice.Event == ChannelEvent.Ready ? "true" : "false";
            }

            Data = data; // replaced whole, so that readers need no lock
            OnReload();
            return Task.FromResult<string?>(null);
        }

        private static void Write(Dictionary<string, string?> data, string path, ChannelState state)
        {
            foreach (var key in data.Keys.Where(key => key.StartsWith($"{path}:", StringComparison.OrdinalIgnoreCase)).ToList())
            {
                data.Remove(key);
            }

            data[$"{path}:Connector"] = state.Connector;
            data[$"{path}:Type"] = state.Type;
            data[$"{path}:Version"] = state.Version.ToString(CultureInfo.InvariantCulture);
            data[$"{path}:Stale"] = state.Stale ? "true" : "false";
            data[$"{path}:Listening"] = state.Listening ? "true" : "false";
            data[$"{path}:Ip"] = state.Ip;
            data[$"{path}:Port"] = state.Port.ToString(CultureInfo.InvariantCulture);
            foreach (var (index, member) in state.Members.Index())
            {
                var place = string.Create(CultureInfo.InvariantCulture, $"{path}:Members:{index}");
                data[$"{place}:Iid"] = member.Iid;
                data[$"{place}:Ip"] = member.Ip;
                data[$"{place}:Port"] = member.Port.ToString(CultureInfo.InvariantCulture);
                data[$"{place}:State"] = JsonNamingPolicy.CamelCase.ConvertName(member.State.ToString());
            }
        }
    }
}
