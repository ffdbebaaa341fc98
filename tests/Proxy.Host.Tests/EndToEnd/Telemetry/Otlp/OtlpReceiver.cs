using System.Collections.Concurrent;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;

namespace Proxy.Host.Tests.EndToEnd.Telemetry.Otlp;

/// <summary>An OTLP receiver (OTLP 1.x) that keeps all data: gRPC on one port, HTTP with protobuf on another.</summary>
internal sealed class OtlpReceiver : IAsyncDisposable
{
    private const int GrpcPrefix = 5; // bytes: a compression flag and the length of the message

    private readonly WebApplication _app;
    private readonly ConcurrentQueue<ReceivedSpan> _spans = new();
    private readonly ConcurrentQueue<ReceivedLog> _logs = new();
    private readonly ConcurrentQueue<ReceivedMetric> _metrics = new();
    private readonly ConcurrentQueue<string> _paths = new();

    private OtlpReceiver()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder
            .WebHost.UseKestrelCore()
            .ConfigureKestrel(static kestrel =>
            {
                kestrel.Listen(IPAddress.Loopback, 0, static listen => listen.Protocols = HttpProtocols.Http2);
                kestrel.Listen(IPAddress.Loopback, 0, static listen => listen.Protocols = HttpProtocols.Http1);
            });
        _app = builder.Build();
        _app.Run(ReceiveAsync);
    }

    public IReadOnlyList<ReceivedSpan> Spans => [.. _spans];

    public IReadOnlyList<ReceivedLog> Logs => [.. _logs];

    public IReadOnlyList<ReceivedMetric> Metrics => [.. _metrics];

    /// <summary>The paths of the requests.</summary>
    public IReadOnlyList<string> Paths => [.. _paths];

    public static async Task<OtlpReceiver> StartAsync()
    {
        var receiver = new OtlpReceiver();
        await receiver._app.StartAsync();
        return receiver;
    }

    /// <summary>The URL for a protocol, which is named as in OTEL_EXPORTER_OTLP_PROTOCOL.</summary>
    public string Url(string protocol) =>
        _app
            .Services.GetRequiredService<IServer>()
            .Features.Get<IServerAddressesFeature>()!
            .Addresses.ElementAt(protocol == "grpc" ? 0 : 1);

    public async ValueTask DisposeAsync() => await _app.DisposeAsync();

    private async Task ReceiveAsync(HttpContext context)
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body);
        var grpc = context.Request.ContentType == "application/grpc";
        Keep(context.Request.Path.Value!, new ProtoMessage(body.ToArray()[(grpc ? GrpcPrefix : 0)..]));
        _paths.Enqueue(context.Request.Path.Value!);
        context.Response.ContentType = grpc ? "application/grpc" : "application/x-protobuf";
        if (grpc)
        {
            await context.Response.Body.WriteAsync(new byte[GrpcPrefix]); // an empty message
            context.Response.AppendTrailer("grpc-status", "0");
        }
    }

    private void Keep(string path, ProtoMessage request)
    {
        switch (path)
        {
            case "/v1/traces" or "/opentelemetry.proto.collector.trace.v1.TraceService/Export":
                ReceivedSpan.Read(request).ToList().ForEach(_spans.Enqueue);
                break;
            case "/v1/logs" or "/opentelemetry.proto.collector.logs.v1.LogsService/Export":
                ReceivedLog.Read(request).ToList().ForEach(_logs.Enqueue);
                break;
            case "/v1/metrics" or "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export":
                ReceivedMetric.Read(request).ToList().ForEach(_metrics.Enqueue);
                break;
            default:
                throw new InvalidDataException($"Nothing is received at {path}.");
        }
    }
}
