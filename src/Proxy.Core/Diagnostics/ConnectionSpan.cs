using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Proxy.Configuration.Reading;

namespace Proxy.Diagnostics;

/// <summary>
/// The span of one connection; created only if spans have a listener. A span is exported when it ends, so that of a connection which lasts
/// for days is exported after days.
/// </summary>
internal sealed class ConnectionSpan
{
    /// <summary>
    /// The limit of events per span: it is kept in memory until its end, and a client that causes many events must not fill that.
    /// </summary>
    public const int MaxEvents = 32;

    /// <summary>The side of a TLS handshake with the client.</summary>
    public const string Client = "client";

    /// <summary>The side of a TLS handshake with a destination.</summary>
    public const string Upstream = "upstream";

    private readonly Activity _activity;
    private int _events;

    private ConnectionSpan(Activity activity) => _activity = activity;

    /// <summary>The context that a peer needs to continue this trace.</summary>
    public ActivityContext Context => _activity.Context;

    /// <summary>Starts the span, and makes it the current one of the calling method.</summary>
    /// <param name="record">The record of the accepted connection.</param>
    /// <param name="parent">The span of the peer that opened it; the default starts a new trace.</param>
    /// <returns>The span; null if spans have no listener, or the sampler drops it.</returns>
    public static ConnectionSpan? Start(ConnectionRecord record, ActivityContext parent)
    {
        if (!ProxyTracing.Source.HasListeners())
        {
            return null;
        }

        Activity.Current = null; // the code that accepted the connection may have a span, which is not a parent of this one
        var activity = ProxyTracing.Source.StartActivity(ProxyTracing.ConnectionSpanName, ActivityKind.Server, parent, Describe(record));
        return activity is null ? null : new ConnectionSpan(activity);
    }

    /// <summary>Records the addresses that a PROXY protocol header has told.</summary>
    public void Proxied(ConnectionRecord record)
    {
        var tags = new ActivityTagsCollection();
        Add(tags, "server", record.Local);
        Add(tags, "client", record.Client);
        Add(tags, "network.peer", record.Peer);
        foreach (var (name, value) in tags)
        {
            _activity.SetTag(name, value);
        }
    }

    /// <summary>Records what the client's ClientHello says.</summary>
    public void Peeked(ConnectionRecord record) =>
        _activity.SetTag("tls.client.server_name", record.ServerName).SetTag("proxy.tls.client.alpn", record.AlpnProtocols);

    /// <summary>Records the end of the examination of the client's first bytes.</summary>
    /// <param name="record">The record of the connection.</param>
    /// <param name="protocols">The protocols that were recognized, of those that routes ask for.</param>
    /// <param name="duration">How long it took.</param>
    /// <param name="error">Why it ended before everything was known, as a value of <see cref="ErrorType"/> or an outcome; null if it did not.</param>
    public void PeekEnded(ConnectionRecord record, IEnumerable<string> protocols, TimeSpan duration, string? error) =>
        Add(
            "proxy.peek",
            new()
            {
                ["proxy.peek.duration"] = duration.TotalSeconds,
                ["proxy.peek.protocols"] = protocols.ToArray() is { Length: > 0 } known ? known : null,
                ["tls.client.server_name"] = record.ServerName,
                ["proxy.tls.client.alpn"] = record.AlpnProtocols,
                ["error.type"] = error,
            }
        );

    /// <summary>Records that a TLS handshake has succeeded.</summary>
    /// <param name="side">With what: client or upstream.</param>
    /// <param name="session">What was agreed on.</param>
    /// <param name="duration">How long it took.</param>
    /// <param name="destination">The id of the destination; null for a client.</param>
    public void TlsEstablished(string side, TlsSession session, TimeSpan duration, string? destination)
    {
        var tags = new ActivityTagsCollection
        {
            ["tls.protocol.name"] = "tls",
            ["tls.protocol.version"] = session.Version,
            ["tls.cipher"] = session.CipherSuite,
            ["tls.resumed"] = session.IsResumed,
            ["tls.next_protocol"] = Short(session.ApplicationProtocol),
            ["tls.client.server_name"] = session.ServerName,
            ["tls.client.subject"] = Short(session.PeerSubject),
        };
        if (side == Client)
        {
            foreach (var (name, value) in tags)
            {
                _activity.SetTag(name, value); // spans are searched by these
            }
        }

        AddTls(side, established: true, duration, destination, tags);
    }

    /// <summary>Records that a TLS handshake has failed.</summary>
    /// <param name="side">With what: client or upstream.</param>
    /// <param name="serverName">The name of the server that was asked for; null if none is known.</param>
    /// <param name="reason">Why, as in metrics.</param>
    /// <param name="duration">How long it took.</param>
    /// <param name="destination">The id of the destination; null for a client.</param>
    public void TlsFailed(string side, string? serverName, string reason, TimeSpan duration, string? destination) =>
        AddTls(
            side,
            established: false,
            duration,
            destination,
            new() { ["tls.client.server_name"] = serverName, ["error.type"] = ErrorType.Of(reason) }
        );

    private void AddTls(string side, bool established, TimeSpan duration, string? destination, ActivityTagsCollection tags)
    {
        tags["proxy.tls.side"] = side;
        tags["proxy.destination_id"] = destination;
        tags["proxy.tls.duration"] = duration.TotalSeconds;
        tags["tls.established"] = established;
        Add("proxy.tls", tags);
    }

    // Peers write it, and a span is kept in memory.
    private static string? Short(string? text) => text is null ? null : Printable.Shorten(text);

    /// <summary>Records the end of a wait for a permit.</summary>
    /// <param name="waited">The length of the wait.</param>
    /// <param name="refusal">Why there was no permit; null if there was one.</param>
    public void Queued(TimeSpan waited, ConnectionOutcome? refusal) =>
        Add("proxy.queue", new() { ["proxy.queue.duration"] = waited.TotalSeconds, ["proxy.outcome"] = refusal?.ToString() });

    /// <summary>Records the end of hooks that ran before the client was served.</summary>
    /// <param name="hookEvent">The event of the hooks.</param>
    /// <param name="duration">How long they took.</param>
    /// <param name="outcome">The result of the hooks.</param>
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

    /// <summary>Records the end of an attempt to connect.</summary>
    /// <param name="destination">The id of the destination or the instance.</param>
    /// <param name="address">The address of the destination.</param>
    /// <param name="duration">How long it took.</param>
    /// <param name="error">Why it failed, as a value of <see cref="ErrorType"/>; null if it succeeded.</param>
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

    /// <summary>Records that bytes flow from now on.</summary>
    public void Relaying(string? cluster, string? destination) =>
        Add("proxy.relay", new() { ["proxy.cluster_id"] = cluster, ["proxy.destination_id"] = destination });

    /// <summary>Ends the span with the final properties of the connection.</summary>
    /// <param name="record">The record of the connection, with its outcome.</param>
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

    // Actions of the client are not errors of the proxy, like a server's responses of 4xx.
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
            .SetTag("proxy.limit", record.Limit)
            .SetTag("proxy.limit_dry_run", record.DryRunLimit)
            .SetTag("proxy.bytes_in", record.ClientBytes)
            .SetTag("proxy.bytes_out", record.UpstreamBytes)
            .SetTag("proxy.queue.duration", record.Queued > TimeSpan.Zero ? record.Queued.TotalSeconds : null)
            .SetTag("proxy.dial.duration", record.Connecting > TimeSpan.Zero ? record.Connecting.TotalSeconds : null);
    }

    // The attributes have the names of OpenTelemetry's semantic conventions if there are any; the server is this listener.
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
