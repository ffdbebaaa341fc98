using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Proxy.Host.Tests.EndToEnd.Telemetry.Otlp;
using Proxy.Host.Tests.Support;

namespace Proxy.Host.Tests.EndToEnd.Telemetry;

/// <summary>Signals that the program exports to an OTLP receiver.</summary>
public sealed class TelemetryTests : IAsyncLifetime
{
    private readonly TcpServer _server = new("hello");
    private OtlpReceiver _receiver = null!;

    public async Task InitializeAsync() => _receiver = await OtlpReceiver.StartAsync();

    [Theory]
    [InlineData("grpc", "Auto")]
    [InlineData("http/protobuf", "Sockets")]
    public async Task Forward_AllSignals_AreReceivedForEachProtocolAndTransport(string protocol, string transport)
    {
        var closed = Ports.Free();
        var json = Json.Routes(Json.Route("r"), closed, _server.Port).Insert(1, $$""" "Transport": { "Kind": "{{transport}}" }, """);
        using var host = new TelemetryHost(json, TelemetryHost.Exporting(_receiver.Url(protocol), protocol));

        Assert.Equal("hello", await host.ConnectAsync());
        var span = await SpanAsync("r");

        Assert.Equal(("Proxy", "proxy.connection r", ReceivedSpan.Server, 0), (span.Source, span.Name, span.Kind, span.Status));
        Assert.Equal(
            ("Completed", "c", "d1"),
            (span.Tags["proxy.outcome"], span.Tags["proxy.cluster_id"], span.Tags["proxy.destination_id"])
        );
        Assert.Equal((0L, 5L), (span.Tags["proxy.bytes_in"], span.Tags["proxy.bytes_out"]));
        Assert.Equal(("127.0.0.1", "tcp"), (span.Tags["client.address"], span.Tags["network.transport"]));
        Assert.Equal(["proxy.dial", "proxy.dial", "proxy.relay"], span.Events.Select(static happened => happened.Name));
        Assert.Equal(("d0", "connection_refused"), (span.Events[0].Tags["proxy.destination_id"], span.Events[0].Tags["error.type"]));
        Assert.Equal("d1", span.Events[1].Tags["proxy.destination_id"]);
        Assert.DoesNotContain("error.type", span.Events[1].Tags.Keys);
        Assert.Equal(("proxy", true), (span.Resource["service.name"], span.Resource.ContainsKey("service.instance.id")));
        await Eventually.TrueAsync(() =>
            _receiver.Metrics.Any(metric => metric.Name == "proxy.connection.duration" && metric.ExemplarTraces.Contains(span.TraceId))
        );
        await Eventually.TrueAsync(() => _receiver.Metrics.Any(static metric => metric.Meter == "System.Runtime"));
        await Eventually.TrueAsync(() =>
            _receiver.Metrics.Any(static metric => metric is { Name: "proxy.connections", Unit: "{connection}", Series.Count: > 0 })
        );
        await Eventually.TrueAsync(() => _receiver.Logs.Any(log => log.TraceId == span.TraceId && log.SpanId == span.SpanId));
        var log = _receiver.Logs.First(log => log.TraceId == span.TraceId);
        Assert.Equal("Warning", log.Level);
        Assert.Contains("destination d0", log.Text, StringComparison.Ordinal);
        Assert.Contains("destination d0", host.Process.Errors, StringComparison.Ordinal); // also on the console
        Assert.DoesNotContain("Telemetry: ", host.Process.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Lock_SecondClientWaits_SpanHasTheDuration()
    {
        const string Lock = """ "Mode": "Lock", "Lock": { "OnActivate": [ { "Delay": "00:00:00.010" } ] } """;
        using var host = new TelemetryHost(
            Json.Routes(Json.Route("r", Lock), _server.Port),
            TelemetryHost.Exporting(_receiver.Url("grpc"))
        );
        var port = await host.Process.PortAsync();
        using var first = await TcpClientSocket.ConnectAsync(port);
        Assert.Equal("hello", await first.ReadAsync());
        using var second = await TcpClientSocket.ConnectAsync(port);
        first.End();
        Assert.Equal("hello", await second.ReadAsync());
        second.End();
        Assert.Equal("", await second.ReadAsync());

        await Eventually.TrueAsync(() => _receiver.Spans.Count(static span => span.Source == "Proxy") == 2);

        Assert.All(
            _receiver.Spans,
            static span =>
                Assert.Equal(
                    ["proxy.queue", "proxy.hook", "proxy.dial", "proxy.relay"],
                    span.Events.Select(static happened => happened.Name)
                )
        );
        Assert.All(_receiver.Spans, static span => Assert.Equal("Succeeded", span.Events[1].Tags["proxy.outcome"]));
        Assert.Contains(_receiver.Spans, static span => span.Events[0].Tags["proxy.queue.duration"] is > 0.0);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task HealthChecks_Spans_OnlyWhereAKeyAsksForThem(bool asked)
    {
        var seen = 0;
        await using var site = await SiteAsync(_ => Interlocked.Increment(ref seen));
        var json = $$"""
            { "Telemetry": { "HealthCheckSpans": {{(asked ? "true" : "false")}} },
              "ReverseProxy": {
                "TcpRoutes": { "r": { "Listen": "127.0.0.1:0", "ClusterId": "c" } },
                "Routes": { "h": { "ClusterId": "w", "Match": { "Path": "/{**x}" } } },
                "Clusters": {
                  "c": { "HealthCheck": { "Active": { "Enabled": true, "Interval": "00:00:00.100" } },
                         "Destinations": { "d": { "Address": "tcp://127.0.0.1:{{_server.Port}}" } } },
                  "w": { "HealthCheck": { "Active": { "Enabled": true, "Interval": "00:00:00.100" } },
                         "Destinations": { "d": { "Address": "{{site.Urls.Single()}}" } } } } } }
            """;
        using var host = new TelemetryHost(json, TelemetryHost.Exporting(_receiver.Url("grpc")));
        await Eventually.TrueAsync(() => _server.Connections > 3 && Volatile.Read(ref seen) > 3);
        await host.ConnectAsync();
        await SpanAsync("r");

        var names = _receiver.Spans.Where(static span => span.Source != "Proxy").Select(static span => span.Name).ToHashSet();
        if (asked)
        {
            await Eventually.TrueAsync(() => _receiver.Spans.Any(static span => span.Name == "proxy.destination_health_check"));
        }
        else
        {
            Assert.Empty(names);
        }
    }

    [Fact]
    public async Task Multiplex_Client_HasASpanButItsSessionHasNone()
    {
        using var echo = new TcpServer("");
        var json = Json.Routes(Json.Route("r", """ "Mode": "Multiplex" """), echo.Port)
            .Replace(
                "\"LoadBalancingPolicy\"",
                "\"Multiplex\": { \"Protocol\": \"line\" }, \"LoadBalancingPolicy\"",
                StringComparison.Ordinal
            );
        using var host = new TelemetryHost(json, TelemetryHost.Exporting(_receiver.Url("grpc")));
        using (var client = await TcpClientSocket.ConnectAsync(await host.Process.PortAsync()))
        {
            Assert.Equal("ask\n", await client.AskAsync("ask\n"));
            client.End();
            Assert.Equal("", await client.ReadAsync());
        }

        var span = await SpanAsync("r");
        Assert.Equal("d0", span.Events.Single(static happened => happened.Name == "proxy.relay").Tags["proxy.destination_id"]);
        Assert.Equal((4L, 4L), (span.Tags["proxy.bytes_in"], span.Tags["proxy.bytes_out"]));
        Assert.Equal(0, await host.StopAsync());
        Assert.Single(_receiver.Spans, static one => one.Source == "Proxy");
    }

    [Fact]
    public async Task Dial_EveryDestinationRefuses_SpanIsAnError()
    {
        var closed = Ports.Free();
        using var host = new TelemetryHost(Json.Routes(Json.Route("r"), closed), TelemetryHost.Exporting(_receiver.Url("grpc")));

        Assert.Null(await host.ConnectAsync());
        var span = await SpanAsync("r");

        Assert.Equal(
            (ReceivedSpan.Error, "ConnectFailed", "ConnectFailed"),
            (span.Status, span.Tags["error.type"], span.Tags["proxy.outcome"])
        );
        Assert.All(span.Events, static happened => Assert.Equal("connection_refused", happened.Tags["error.type"]));
        Assert.NotEmpty(span.Events);
    }

    [Fact]
    public async Task Channel_CallAcrossTwoHosts_IsOneTrace()
    {
        int[] tunnels = [Ports.Free(), Ports.Free()];
        using var legacy = new TcpServer("legacy");
        var route = $$""" "ReverseProxy": { "TcpRoutes": { "r": { "Listen": "127.0.0.1:0", "Connector": "db" } } }, """;
        var calls = $$""" "db": { "Type": "Request", "Connector": "db", "Port": {{Ports.Free()}} } """;
        var serves = $$""" "db": { "Type": "Reply", "Connector": "db", "Port": {{legacy.Port}}, "Allow": ["A_*"] } """;
        using var two = new TelemetryHost(
            Instance(2, tunnels, "", serves),
            [.. TelemetryHost.Exporting(_receiver.Url("grpc")), ("OTEL_SERVICE_NAME", "two")]
        );
        using var one = new TelemetryHost(
            Instance(1, tunnels, route, calls),
            [.. TelemetryHost.Exporting(_receiver.Url("http/protobuf"), "http/protobuf"), ("OTEL_RESOURCE_ATTRIBUTES", "service.name=one")]
        );
        var port = await one.Process.PortAsync();
        await Eventually.TrueAsync(async () =>
        {
            using var client = await TcpClientSocket.ConnectAsync(port); // reset until the tunnel between the hosts is established
            var greeting = await client.ReadAsync();
            client.End();
            return greeting == "legacy" && await client.ReadAsync() is { Length: 0 };
        });

        var called = await SpanAsync("r", static span => span.Tags["proxy.outcome"] is "Completed");
        await Eventually.TrueAsync(() => Served(called) is not null);
        var served = Served(called)!;

        Assert.Equal(("one", "two"), (called.Resource["service.name"], served.Resource["service.name"]));
        Assert.Equal(("", called.SpanId), (called.ParentId, served.ParentId));
        Assert.Equal("A_2", called.Events.Last(static happened => happened.Name == "proxy.dial").Tags["proxy.destination_id"]);
        Assert.Equal("proxy.relay", called.Events[^1].Name);
        Assert.Equal(["proxy.dial", "proxy.relay"], served.Events.Select(static happened => happened.Name));
        Assert.Equal("A_1", served.Tags["proxy.destination_id"]);
        Assert.All(_receiver.Spans, static span => Assert.Equal("Proxy", span.Source)); // no span of the tunnel's HTTP requests
    }

    [Fact]
    public async Task Http_Route_IsOneTraceAndAFaultIsAnError()
    {
        var seen = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var site = await SiteAsync(context => seen.TrySetResult(context.Request.Headers.TraceParent.ToString()));
        var (http, admin) = (Ports.Free(), Ports.Free());
        var url = site.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();
        using var host = new TelemetryHost(
            $$"""
            { "Admin": { "Url": "http://127.0.0.1:{{admin}}" },
              "Kestrel": { "Endpoints": { "Http": { "Url": "http://127.0.0.1:{{http}}" } } },
              "ReverseProxy": {
                "Routes": {
                  "site": { "ClusterId": "site", "Match": { "Path": "/shop/{**rest}" } },
                  "dead": { "ClusterId": "dead", "Match": { "Path": "/dead" } } },
                "Clusters": {
                  "site": { "Destinations": { "s0": { "Address": "{{url}}" } } },
                  "dead": { "Destinations": { "d0": { "Address": "http://127.0.0.1:{{Ports.Free()}}" } } } } } }
            """,
            TelemetryHost.Exporting(_receiver.Url("grpc"))
        );
        using var client = new HttpClient(new SocketsHttpHandler { ActivityHeadersPropagator = null });
        await Eventually.TrueAsync(() => IsReadyAsync(client, admin));
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri($"http://127.0.0.1:{http}/shop/1"));
        request.Headers.Add("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
        Assert.Equal("site", await (await client.SendAsync(request)).Content.ReadAsStringAsync());

        await Eventually.TrueAsync(() => _receiver.Spans.Count(static span => span.TraceId == "0af7651916cd43dd8448eb211c80319c") == 3);

        var server = _receiver.Spans.Single(static span => span.Source == "Microsoft.AspNetCore");
        var forwarder = _receiver.Spans.Single(static span => span.Source == "Yarp.ReverseProxy");
        var upstream = _receiver.Spans.Single(static span => span.Source == "System.Net.Http");
        Assert.Equal("b7ad6b7169203331", server.ParentId);
        Assert.Equal(server.SpanId, forwarder.ParentId);
        Assert.Equal(forwarder.SpanId, upstream.ParentId);
        Assert.Equal($"00-{upstream.TraceId}-{upstream.SpanId}-01", await seen.Task);
        Assert.Equal(("site", "s0"), (forwarder.Tags["proxy.route_id"], forwarder.Tags["proxy.destination_id"]));
        Assert.Equal(("GET", "/shop/1"), (server.Tags["http.request.method"], server.Tags["url.path"])); // Single: the admin endpoint has no spans
        Assert.Equal(("GET /shop/{**rest}", 200L), (server.Name, server.Tags["http.response.status_code"]));
        await Eventually.TrueAsync(() => _receiver.Metrics.Any(static metric => metric.Name == "http.server.request.duration"));

        using var failed = await client.GetAsync(new Uri($"http://127.0.0.1:{http}/dead"));
        Assert.Equal(HttpStatusCode.BadGateway, failed.StatusCode);
        await Eventually.TrueAsync(() => _receiver.Spans.Any(static span => span.Name == "GET /dead"));
        var fault = _receiver.Spans.First(static span => span.Name == "GET /dead");
        Assert.Equal((ReceivedSpan.Error, 502L, "502"), (fault.Status, fault.Tags["http.response.status_code"], fault.Tags["error.type"]));
    }

    [Fact]
    public async Task Logs_LevelOfTheConfiguration_AppliesToTheReceiver()
    {
        var json = Json.Routes(Json.Route("r"), _server.Port);
        using var host = new TelemetryHost(
            json.Insert(1, """ "Logging": { "LogLevel": { "Proxy.Clusters": "None" } }, """),
            TelemetryHost.Exporting(_receiver.Url("grpc"))
        );

        await host.ConnectAsync();
        await Eventually.TrueAsync(() => _receiver.Logs.Any(static log => log.Text!.Contains("listens on", StringComparison.Ordinal)));
        await host.StopAsync();

        Assert.DoesNotContain(_receiver.Logs, static log => log.Category.StartsWith("Proxy.Clusters", StringComparison.Ordinal));
        Assert.DoesNotContain(_receiver.Logs, static log => log.Level is "Debug" or "Trace");
    }

    [Fact]
    public async Task Variable_OfOneSignal_OtherSignalsAreNotExported()
    {
        using var host = new TelemetryHost(
            Json.Routes(Json.Route("r"), _server.Port),
            ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", _receiver.Url("http/protobuf") + "/v1/traces"),
            ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "http/protobuf"),
            ("OTEL_BSP_SCHEDULE_DELAY", "100")
        );

        await host.ConnectAsync();
        await SpanAsync("r"); // a stop exports too, but only for some seconds
        Assert.Equal(0, await host.StopAsync());

        Assert.Equal("proxy.connection r", Assert.Single(_receiver.Spans).Name);
        Assert.All(_receiver.Paths, static path => Assert.Equal("/v1/traces", path));
    }

    [Fact]
    public async Task Variable_Sampler_IsApplied()
    {
        using var host = new TelemetryHost(
            Json.Routes(Json.Route("r"), _server.Port),
            [.. TelemetryHost.Exporting(_receiver.Url("grpc")), ("OTEL_TRACES_SAMPLER", "always_off")]
        );

        Assert.Equal("hello", await host.ConnectAsync());
        await Eventually.TrueAsync(() => _receiver.Metrics.Count > 0 && _receiver.Logs.Count > 0);
        Assert.Equal(0, await host.StopAsync());

        Assert.Empty(_receiver.Spans);
    }

    [Theory]
    [InlineData("dead", "grpc")]
    [InlineData("silent", "grpc")]
    [InlineData("silent", "http/protobuf")]
    [InlineData("rubbish", "grpc")]
    [InlineData("rubbish", "http/protobuf")]
    [InlineData("error", "http/protobuf")]
    [InlineData("endless", "http/protobuf")]
    public async Task Receiver_Faulty_DoesNotAffectConnectionsAndStop(string manner, string protocol)
    {
        using var receiver = new BadReceiver(manner);
        using var host = new TelemetryHost(
            Json.Routes(Json.Route("r"), _server.Port),
            [.. TelemetryHost.Exporting(receiver.Url, protocol), ("OTEL_EXPORTER_OTLP_TIMEOUT", "600000")] // longer than any test waits
        );

        for (var i = 0; i < 20; i++)
        {
            Assert.Equal("hello", await host.ConnectAsync());
        }

        await Eventually.TrueAsync(() => manner == "dead" || receiver.Requests > 0);
        if (manner is not ("silent" or "endless"))
        {
            await Eventually.TrueAsync(() => host.Process.Errors.Contains("Telemetry: ", StringComparison.Ordinal));
        }

        Assert.Equal("hello", await host.ConnectAsync());
        Assert.Equal(0, await host.StopAsync());
    }

    [Fact]
    public async Task Variables_Invalid_AreLoggedAndTheProxyRuns()
    {
        using var host = new TelemetryHost(
            Json.Routes(Json.Route("r"), _server.Port),
            ("OTEL_EXPORTER_OTLP_ENDPOINT", "collector"),
            ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", _receiver.Url("grpc")),
            ("OTEL_EXPORTER_OTLP_PROTOCOL", "carrier-pigeon"),
            ("OTEL_EXPORTER_OTLP_HEADERS", "secret"),
            ("OTEL_EXPORTER_OTLP_TIMEOUT", "-1"),
            ("OTEL_BSP_MAX_QUEUE_SIZE", "0"),
            ("OTEL_BSP_SCHEDULE_DELAY", "100"),
            ("OTEL_METRIC_EXPORT_INTERVAL", "-1"),
            ("OTEL_TRACES_SAMPLER", "often")
        );

        Assert.Equal("hello", await host.ConnectAsync());
        await SpanAsync("r");
        Assert.Equal(0, await host.StopAsync());

        foreach (var name in (string[])["ENDPOINT", "PROTOCOL", "HEADERS", "TIMEOUT"])
        {
            Assert.Contains($"OTEL_EXPORTER_OTLP_{name} is invalid", host.Process.Errors, StringComparison.Ordinal);
        }

        Assert.DoesNotContain("secret", host.Process.Errors, StringComparison.Ordinal);
        Assert.Equal("proxy.connection r", Assert.Single(_receiver.Spans).Name);
    }

    public async Task DisposeAsync()
    {
        _server.Dispose();
        await _receiver.DisposeAsync();
    }

    private static async Task<bool> IsReadyAsync(HttpClient client, int admin)
    {
        try
        {
            using var answer = await client.GetAsync(new Uri($"http://127.0.0.1:{admin}/healthz/ready"));
            using var scrape = await client.GetAsync(new Uri($"http://127.0.0.1:{admin}/metrics"));
            return answer.IsSuccessStatusCode && scrape.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    private static async Task<WebApplication> SiteAsync(Action<HttpContext> seen)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        app.Run(context =>
        {
            seen(context);
            return context.Response.WriteAsync("site");
        });
        await app.StartAsync();
        return app;
    }

    private static string Instance(int number, int[] tunnels, string more, string item) =>
        $$"""
            { {{more}} "Channels": {
                "Group": "test",
                "Instance": { "Id": "A_{{number}}" },
                "Tunnel": { "Url": "http://127.0.0.1:{{tunnels[number - 1]}}", "DrainTimeout": "00:00:00" },
                "Loopback": { "Mode": "Port", "StateFile": "{{Path.Combine(
                Path.GetTempPath(),
                $"telemetry-{tunnels[number - 1]}.json"
            )}}" },
                "Membership": { "Members": {
                  "A_1": { "Address": "127.0.0.1:{{tunnels[0]}}" }, "A_2": { "Address": "127.0.0.1:{{tunnels[1]}}" } } },
                "Items": { {{item}} } } }
            """;

    private ReceivedSpan? Served(ReceivedSpan called) =>
        _receiver.Spans.FirstOrDefault(span => span.TraceId == called.TraceId && span.SpanId != called.SpanId);

    private async Task<ReceivedSpan> SpanAsync(string route, Func<ReceivedSpan, bool>? fact = null)
    {
        ReceivedSpan? found = null;
        await Eventually.TrueAsync(() =>
            (
                found = _receiver.Spans.FirstOrDefault(span =>
                    span.Tags.GetValueOrDefault("proxy.route_id") is string id && id == route && fact?.Invoke(span) is not false
                )
            )
                is not null
        );
        return found!;
    }
}
