using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace Proxy.Channels.Monitoring;

/// <summary>One notification. A consumer that has missed some needs only the newest of each channel.</summary>
/// <param name="Event">What it tells.</param>
/// <param name="Version">Grows with each notification.</param>
/// <param name="Boot">New at every start of the program: versions of another start cannot be compared.</param>
/// <param name="BindIp">The address on which the local servers have to listen.</param>
/// <param name="State">The channel, for a change.</param>
public sealed record ChannelNotice(ChannelEvent Event, long Version, string Boot, string BindIp, ChannelState? State)
{
    private static readonly JsonSerializerOptions _format = new(JsonSerializerDefaults.Web)
    {
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
    };

    /// <summary>Its identity: a consumer that gets it twice can tell.</summary>
    public string Key => FormattableString.Invariant($"{Boot}-{Version}");

    /// <summary>The word for what it tells.</summary>
    public string EventName => JsonNamingPolicy.CamelCase.ConvertName(Event.ToString());

    /// <summary>Writes it as one JSON object: the event, and the whole state of its channel or the address of the instance.</summary>
    /// <returns>UTF-8.</returns>
    public byte[] ToJson()
    {
        var json = State is null
            ? new JsonObject
            {
                ["version"] = Version,
                ["boot"] = Boot,
                ["ip"] = BindIp,
            }
            : JsonSerializer.SerializeToNode(State, _format)!.AsObject();
        json.Insert(0, "event", EventName);
        return JsonSerializer.SerializeToUtf8Bytes(json);
    }
}
