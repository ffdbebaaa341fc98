using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace Proxy.Channels.Monitoring;

/// <summary>One notification. A consumer that has missed some only needs the newest of each channel.</summary>
/// <param name="Event">The kind of the notification.</param>
/// <param name="Version">Grows with each notification.</param>
/// <param name="Boot">A value that is new at every start of the program; versions of different starts cannot be compared.</param>
/// <param name="BindIp">The address on which the local servers have to listen.</param>
/// <param name="State">The state of the channel, for a change; otherwise null.</param>
public sealed record ChannelNotice(ChannelEvent Event, long Version, string Boot, string BindIp, ChannelState? State)
{
    private static readonly JsonSerializerOptions _format = new(JsonSerializerDefaults.Web)
    {
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
    };

    /// <summary>The identity of the notification, by which a consumer recognizes a repetition.</summary>
    public string Key => FormattableString.Invariant($"{Boot}-{Version}");

    /// <summary>The kind of the notification, as it is written: ready, change or close.</summary>
    public string EventName => JsonNamingPolicy.CamelCase.ConvertName(Event.ToString());

    /// <summary>
    /// Writes the notification as one JSON object: the event, and the whole state of its channel or the address of the instance.
    /// </summary>
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
