using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace Proxy.Diagnostics;

/// <summary>
/// The span of one connection. There is none unless spans have a listener, and it is exported when it ends: the span of a connection that
/// lasts for days comes after days.
/// </summary>
internal sealed class ConnectionSpan
{
    /// <summary>More is not noted: a span is kept in memory until its end, and a client that causes many events must not fill it.</summary>
    public const int MaxEvents = 32;

    private readonly Activity _activity;
    private int _events;

    private ConnectionSpan(Activity activity) => _activity = activity;

    /// <summary>What a peer has to know to go on with this trace.</summary>
    public ActivityContext Context => _activity.Context;

    /// <summary>Starts the span, and makes it the current one of the calling method.</summary>
    /// <param name="record">The connection, as it was accepted.</param>
    /// <param name="parent">The span at the peer that opened it; the default begins a trace.</param>
    /// <returns>Null when spans have no listener, or the sampler says no.</returns>
    public static ConnectionSpan? Start(ConnectionRecord record, ActivityContext parent)
    {
        if (!ProxyTracing.Source.HasListeners())
        {
            return null;
        }

        Activity.Current = null; // whatever accepted it is no part of its story
        var activity = ProxyTracing.Source.StartActivity(ProxyTracing.ConnectionSpanName, ActivityKind.Server, parent, Describe(record));
        return activity is null ? null : new ConnectionSpan(activity);
    }

    /// <summary>A wait for a permit has ended.</summary>
    /// <param name="waited">How long it was.</param>
    /// <param name="refusal">Why there was no permit; null when there was.</param>
    public void Queued(TimeSpan waited, ConnectionOutcome? refusal) =>
        Add("proxy.queue", new() { ["proxy.queue.duration"] = waited.TotalSeconds, ["proxy.outcome"] = refusal?.ToString() });

    /// <summary>The steps before a client is served have run.</summary>
    /// <param name="hookEvent">What they were told.</param>
    /// <param name="duration">How long they took.</param>
    /// <param name="outcome">How they ended.</param>
    public void Hooked(string hookEvent, TimeSpan duration, string outcome) =>
        Add(
            "proxy.hook",
            new()
            {
                ["proxy.hook.event"] = hookEvent,
                ["proxy.hook.duration"] = duration.TotalSeconds,
                ["proxy.outcome"] = outcome,
            }
        );

    /// <summary>An attempt to connect has ended.</summary>
    /// <param name="destination">Where to: a destination's id, or an instance's.</param>
    /// <param name="address">Its address.</param>
    /// <param name="duration">How long it took.</param>
    /// <param name="error">Why it failed, as <see cref="ErrorType"/> says it; null when it succeeded.</param>
    public void Dialed(string destination, string? address, TimeSpan duration, string? error) =>
        Add(
            "proxy.dial",
            new()
            {
                ["proxy.destination_id"] = destination,
                ["proxy.destination_address"] = address,
                ["proxy.dial.duration"] = duration.TotalSeconds,
                ["error.type"] = error,
            }
        );

    /// <summary>From here on bytes flow.</summary>
    public void Relaying(string? cluster, string? destination) =>
        Add("proxy.relay", new() { ["proxy.cluster_id"] = cluster, ["proxy.destination_id"] = destination });

    /// <summary>Ends the span with all that is known of the connection now.</summary>
    /// <param name="record">The connection, with its outcome.</param>
    public void End(ConnectionRecord record)
    {
        if (_activity.IsAllDataRequested)
        {
            Describe(_activity, record);
            SetStatus(record.Outcome);
            if (_events > MaxEvents)
            {
                _activity.SetTag("proxy.dropped_events", _events - MaxEvents);
            }
        }

        _activity.Stop();
    }

    private void Add(string name, ActivityTagsCollection tags)
    {
        if (_activity.IsAllDataRequested && Interlocked.Increment(ref _events) <= MaxEvents)
        {
            _activity.AddEvent(new ActivityEvent(name, tags: tags));
        }
    }

    // A client's own doing is no error of ours, as with a server's answers of 4xx.
    private void SetStatus(ConnectionOutcome? outcome)
    {
        if (outcome is { } fault && fault.IsFault())
        {
            _activity.SetTag("error.type", fault.ToString());
            _activity.SetStatus(ActivityStatusCode.Error, fault.ToString());
        }
    }

    private static void Describe(Activity activity, ConnectionRecord record)
    {
        if (record.RouteId is { } route)
        {
            activity.DisplayName = $"{ProxyTracing.ConnectionSpanName} {route}";
        }

        activity
            .SetTag("proxy.route_id", record.RouteId)
            .SetTag("proxy.cluster_id", record.ClusterId)
            .SetTag("proxy.destination_id", record.DestinationId)
            .SetTag("proxy.outcome", record.Outcome?.ToString())
            .SetTag("proxy.bytes_in", record.ClientBytes)
            .SetTag("proxy.bytes_out", record.UpstreamBytes)
            .SetTag("proxy.queue.duration", record.Queued > TimeSpan.Zero ? record.Queued.TotalSeconds : null)
            .SetTag("proxy.dial.duration", record.Connecting > TimeSpan.Zero ? record.Connecting.TotalSeconds : null);
    }

    // The names of OpenTelemetry's semantic conventions where they have one: the server is this listener.
    private static ActivityTagsCollection Describe(ConnectionRecord record)
    {
        var tags = new ActivityTagsCollection
        {
            { "proxy.connection_id", record.Id },
            { "proxy.endpoint_id", record.EndpointId },
            { "network.transport", record.Local is UnixDomainSocketEndPoint ? "unix" : "tcp" },
        };
        Add(tags, "server", record.Local);
        Add(tags, "client", record.Client);
        if (record.Local is IPEndPoint { AddressFamily: var family })
        {
            tags.Add("network.type", family == AddressFamily.InterNetworkV6 ? "ipv6" : "ipv4");
        }

        return tags;
    }

    private static void Add(ActivityTagsCollection tags, string side, EndPoint? endPoint)
    {
        if (endPoint is IPEndPoint ip)
        {
            tags.Add($"{side}.address", ip.Address.ToString());
            tags.Add($"{side}.port", ip.Port);
        }
        else if (endPoint?.ToString() is { Length: > 0 } name)
        {
            tags.Add($"{side}.address", name);
        }
    }
}
