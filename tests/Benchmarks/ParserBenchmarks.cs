using System.Net;
using BenchmarkDotNet.Attributes;
using Microsoft.AspNetCore.Connections;
using Proxy.Configuration.Clusters;
using Proxy.Diagnostics;
using Proxy.Peeking.Hello;
using Proxy.ProxyProtocol;

namespace Proxy.Benchmarks;

/// <summary>What a connection may begin and end with: a ClientHello, a PROXY protocol header, a line of the access log.</summary>
public class ParserBenchmarks
{
    private static readonly DateTimeOffset _now = new(2026, 11, 29, 1, 2, 3, TimeSpan.Zero);
    private readonly byte[] _hello = Hellos.Body("host1.example.com");
    private readonly byte[] _v1 = "PROXY TCP4 192.0.2.1 198.51.100.1 56324 443\r\n"u8.ToArray();
    private readonly IPEndPoint _client = new(IPAddress.Parse("192.0.2.1"), 56324);
    private readonly IPEndPoint _local = new(IPAddress.Parse("198.51.100.1"), 443);
    private byte[] _v2 = [];
    private ConnectionRecord _record = null!;

    [GlobalSetup]
    public void Prepare()
    {
        _v2 = ProxyHeaderWriter.Write(ProxyProtocolVersion.V2, Origin());
        var connection = new DefaultConnectionContext("0HNABCDEF:00000001") { RemoteEndPoint = _client, LocalEndPoint = _local };
        _record = new(connection, "0.0.0.0:443", "", TimeProvider.System)
        {
            RouteId = "route",
            ClusterId = "cluster",
            DestinationId = "a",
        };
        _record.CountClientBytes(1000);
        _record.CountUpstreamBytes(2000);
        _record.TryEnd(ConnectionOutcome.Completed);
        if (ClientHello() is null || !ReadV1() || !ReadV2() || JsonLine() == 0 || TextLine() == 0)
        {
            throw new InvalidOperationException("Something is not read.");
        }
    }

    [Benchmark]
    public object? ClientHello() => ClientHelloParser.Parse(_hello);

    [Benchmark]
    public bool ReadV1() => ProxyHeaderReader.Read(_v1, out _, out _) == ProxyHeaderStatus.Complete;

    [Benchmark]
    public bool ReadV2() => ProxyHeaderReader.Read(_v2, out _, out _) == ProxyHeaderStatus.Complete;

    [Benchmark]
    public byte[] WriteV2() => ProxyHeaderWriter.Write(ProxyProtocolVersion.V2, Origin());

    [Benchmark]
    public int TextLine() => AccessLogLine.Of(_record, AccessLogEvent.End, _now, json: false).Length;

    [Benchmark]
    public int JsonLine() => AccessLogLine.Of(_record, AccessLogEvent.End, _now, json: true).Length;

    private ProxyOrigin Origin() => new(_client, _local, "host1.example.com", "h2", "0HNABCDEF:00000001");
}
