using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Proxy.Diagnostics;

namespace Proxy.Core.Tests.Diagnostics;

/// <summary>Alone, because a listener for spans hears every connection of the process.</summary>
[Collection(Alone.Name)]
public sealed class ConnectionSpanTests : IDisposable
{
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly ConnectionTracker _tracker = new();
    private readonly ProxyMetrics _metrics;
    private readonly AccessLog _log = new(null);
    private readonly TrackingMiddleware _middleware;

    public ConnectionSpanTests()
    {
        _metrics = new ProxyMetrics(new ProxyMeter(_services.GetRequiredService<IMeterFactory>()), _tracker);
        _middleware = new(_tracker, _metrics, _log, TimeProvider.System, NullLogger<TrackingMiddleware>.Instance);
    }

    [Fact]
    public async Task Start_NobodyListens_NoSpanAndNothingAllocated()
    {
        const int Connections = 1000;
        var record = new ConnectionRecord(new FakeConnection(), "endpoint", "", TimeProvider.System);
        Assert.Null(ConnectionSpan.Start(record, default)); // once, so that what is made once is made

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < Connections; i++)
        {
            _ = ConnectionSpan.Start(record, default);
            record.Span?.Relaying(record.ClusterId, record.DestinationId);
            record.Span?.End(record);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        await RunAsync(static _ => Assert.Null(Activity.Current));
    }

    [Fact]
    public async Task Connection_Ends_SpanHoldsAllThatIsKnown()
    {
        using var listener = new SpanListener();

        await RunAsync(record =>
        {
            (record.RouteId, record.ClusterId, record.DestinationId) = ("r", "c", "d");
            record.CountClientBytes(5);
            record.CountUpstreamBytes(7);
            record.Span!.Queued(TimeSpan.FromSeconds(2), refusal: null);
            record.Span.Dialed(
                "d",
                "tcp://127.0.0.1:1",
                TimeSpan.FromSeconds(1),
                ErrorType.Of(new SocketException((int)SocketError.ConnectionRefused))
            );
            record.Span.Relaying("c", "d");
        });

        var span = Assert.Single(listener.Ended);
        Assert.Equal((ActivityKind.Server, "proxy.connection r"), (span.Kind, span.DisplayName));
        Assert.Equal(ActivityStatusCode.Unset, span.Status);
        var tags = span.TagObjects.ToDictionary();
        Assert.Equal("192.0.2.1", tags["server.address"]);
        Assert.Equal(443, tags["server.port"]);
        Assert.Equal("2001:db8::1", tags["client.address"]);
        Assert.Equal(50000, tags["client.port"]);
        Assert.Equal(("tcp", "ipv4"), (tags["network.transport"], tags["network.type"]));
        Assert.Equal(("r", "c", "d"), (tags["proxy.route_id"], tags["proxy.cluster_id"], tags["proxy.destination_id"]));
        Assert.Equal(("Completed", 5L, 7L), (tags["proxy.outcome"], tags["proxy.bytes_in"], tags["proxy.bytes_out"]));
        Assert.Equal(["proxy.queue", "proxy.dial", "proxy.relay"], span.Events.Select(static happened => happened.Name));
        var dial = span.Events.ElementAt(1).Tags.ToDictionary();
        Assert.Equal(("d", "connection_refused", 1.0), (dial["proxy.destination_id"], dial["error.type"], dial["proxy.dial.duration"]));
    }

    [Theory]
    [InlineData(ConnectionOutcome.ConnectFailed, true)]
    [InlineData(ConnectionOutcome.UpstreamReset, true)]
    [InlineData(ConnectionOutcome.QueueTimeout, true)]
    [InlineData(ConnectionOutcome.TunnelLost, true)]
    [InlineData(ConnectionOutcome.TlsFailed, true)]
    [InlineData(ConnectionOutcome.UpstreamTlsFailed, true)]
    [InlineData(ConnectionOutcome.InternalError, true)]
    [InlineData(ConnectionOutcome.ClientReset, false)]
    [InlineData(ConnectionOutcome.LeftQueue, false)]
    [InlineData(ConnectionOutcome.Denied, false)]
    [InlineData(ConnectionOutcome.IdleTimeout, false)]
    [InlineData(ConnectionOutcome.Drained, false)]
    public async Task Connection_Outcome_IsAnErrorWhereItIsAFault(ConnectionOutcome outcome, bool fault)
    {
        using var listener = new SpanListener();

        await RunAsync(record => record.TryEnd(outcome));

        var span = Assert.Single(listener.Ended);
        Assert.Equal(fault ? ActivityStatusCode.Error : ActivityStatusCode.Unset, span.Status);
        Assert.Equal(fault ? outcome.ToString() : null, span.GetTagItem("error.type"));
        Assert.Equal(outcome.ToString(), span.GetTagItem("proxy.outcome"));
    }

    [Fact]
    public async Task Events_ManyMore_AreCountedAndNotKept()
    {
        using var listener = new SpanListener();

        await RunAsync(static record =>
        {
            for (var i = 0; i < 1000; i++)
            {
                record.Span!.Dialed("d", "tcp://127.0.0.1:1", TimeSpan.Zero, error: null);
            }
        });

        var span = Assert.Single(listener.Ended);
        Assert.Equal(ConnectionSpan.MaxEvents, span.Events.Count());
        Assert.Equal(1000 - ConnectionSpan.MaxEvents, span.GetTagItem("proxy.dropped_events"));
    }

    [Fact]
    public async Task Connection_WhileItRuns_SpanIsCurrentAndWhatAcceptedItIsNoParent()
    {
        using var listener = new SpanListener();
        using var around = new Activity("accept").Start();
        Activity? inside = null;

        await RunAsync(_ => inside = Activity.Current);

        var span = Assert.Single(listener.Ended);
        Assert.Same(span, inside);
        Assert.Null(span.ParentId);
        Assert.NotEqual(around.TraceId, span.TraceId);
        Assert.Same(around, Activity.Current);
    }

    [Fact]
    public async Task Connection_ParentOfAPeer_IsItsChild()
    {
        using var listener = new SpanListener();
        var parent = new ActivityContext(
            ActivityTraceId.CreateRandom(),
            ActivitySpanId.CreateRandom(),
            ActivityTraceFlags.Recorded,
            null,
            true
        );

        await RunAsync(static _ => { }, parent);

        var span = Assert.Single(listener.Ended);
        Assert.Equal((parent.TraceId, parent.SpanId), (span.TraceId, span.ParentSpanId));
    }

    [Fact]
    public async Task Tls_WithBothSides_EventsAndTheClientsOnTheSpan()
    {
        using var listener = new SpanListener();

        await RunAsync(static record =>
        {
            record.SetHello("a.example.com", ["h2"]);
            record.Span!.PeekEnded(record, ["Tls"], TimeSpan.FromSeconds(1), error: null);
            record.ClientTls(
                new("1.3", "TLS_AES_128_GCM_SHA256", true, "a.example.com", "h2", "CN=\"a\x1b[31m\nb\"", []),
                TimeSpan.FromSeconds(2)
            );
            record.DestinationId = "d";
            record.UpstreamTlsFailed("b.example.com", "CertificateRefused", "expired", TimeSpan.FromSeconds(3));
            record.UpstreamTls(new("1.2", "X", null, "b.example.com", null, null, []), TimeSpan.FromSeconds(4));
        });

        var span = Assert.Single(listener.Ended);
        Assert.Equal(["proxy.peek", "proxy.tls", "proxy.tls", "proxy.tls"], span.Events.Select(static happened => happened.Name));
        var events = span
            .Events.Select(static happened => happened.Tags.Where(static tag => tag.Value is not null).ToDictionary())
            .ToList();
        Assert.Equal(
            (1.0, "a.example.com", "h2"),
            (events[0]["proxy.peek.duration"], events[0]["tls.client.server_name"], events[0]["proxy.tls.client.alpn"])
        );
        Assert.Equal(["Tls"], Assert.IsType<string[]>(events[0]["proxy.peek.protocols"]));
        var subject = "CN=\"a\\u001b[31m\\u000ab\"";
        Dictionary<string, object?> client = new()
        {
            ["tls.protocol.name"] = "tls",
            ["tls.protocol.version"] = "1.3",
            ["tls.cipher"] = "TLS_AES_128_GCM_SHA256",
            ["tls.resumed"] = true,
            ["tls.next_protocol"] = "h2",
            ["tls.client.server_name"] = "a.example.com",
            ["tls.client.subject"] = subject,
        };
        Assert.All(client, pair => Assert.Equal(pair.Value, span.GetTagItem(pair.Key)));
        client["proxy.tls.side"] = "client";
        client["proxy.tls.duration"] = 2.0;
        client["tls.established"] = true;
        Assert.Equal(Sorted(client), Sorted(events[1]));
        Assert.Equal(
            Sorted(
                new()
                {
                    ["error.type"] = "certificate_refused",
                    ["proxy.destination_id"] = "d",
                    ["proxy.tls.duration"] = 3.0,
                    ["proxy.tls.side"] = "upstream",
                    ["tls.client.server_name"] = "b.example.com",
                    ["tls.established"] = false,
                }
            ),
            Sorted(events[2])
        );
        Assert.Equal(
            ("upstream", "1.2", "d", true),
            (
                events[3]["proxy.tls.side"],
                events[3]["tls.protocol.version"],
                events[3]["proxy.destination_id"],
                events[3]["tls.established"]
            )
        );
    }

    [Fact]
    public async Task Connection_NotSampled_OnlyItsContextIsThere()
    {
        using var listener = new SpanListener(ActivitySamplingResult.PropagationData);

        await RunAsync(static record =>
        {
            record.Span!.Relaying("c", "d");
            Assert.NotEqual(default, record.Span.Context.TraceId);
        });

        var span = Assert.Single(listener.Ended);
        Assert.Empty(span.Events);
        Assert.Null(span.GetTagItem("proxy.outcome"));
    }

    [Fact]
    public async Task Connection_Ends_SpanIsOutBeforeTheTrackerIsEmptyAndCurrentWhileMeasured()
    {
        var open = -1;
        Activity? measured = null;
        using var listener = new SpanListener(ended: _ => open = _tracker.Count);
        using var meter = new MeterListener
        {
            InstrumentPublished = (instrument, meter) =>
            {
                if (
                    instrument.Name == "proxy.connection.duration"
                    && instrument.Meter.Scope == _services.GetRequiredService<IMeterFactory>()
                )
                {
                    meter.EnableMeasurementEvents(instrument);
                }
            },
        };
        meter.SetMeasurementEventCallback<double>((_, _, _, _) => measured = Activity.Current);
        meter.Start();

        await RunAsync(static _ => { });

        Assert.Equal(1, open);
        Assert.Same(Assert.Single(listener.Ended), measured);
    }

    public void Dispose()
    {
        _metrics.Dispose();
        _log.Dispose();
        _services.Dispose();
    }

    private static List<(string, object?)> Sorted(Dictionary<string, object?> tags) =>
        [.. tags.Select(static pair => (pair.Key, pair.Value)).OrderBy(static pair => pair.Key, StringComparer.Ordinal)];

    private Task RunAsync(Action<ConnectionRecord> handle, ActivityContext parent = default) =>
        _middleware.OnConnectionAsync(
            new FakeConnection
            {
                LocalEndPoint = IPEndPoint.Parse("192.0.2.1:443"),
                RemoteEndPoint = IPEndPoint.Parse("[2001:db8::1]:50000"),
            },
            "endpoint",
            "",
            connection =>
            {
                handle(ConnectionRecord.Of(connection));
                return Task.CompletedTask;
            },
            parent
        );
}
