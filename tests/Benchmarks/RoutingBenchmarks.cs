using System.Net;
using BenchmarkDotNet.Attributes;
using Proxy.Configuration.Routes;
using Proxy.Peeking;
using Proxy.Peeking.Detectors;
using Proxy.Routes;

namespace Proxy.Benchmarks;

/// <summary>Chooses a route of one endpoint, by a name that a ClientHello has or by the network of a client, among so many of each.</summary>
public class RoutingBenchmarks
{
    private const int Clients = 64;
    private readonly DetectorRegistry _detectors = new([new TlsDetector(), new HttpDetector(), new SshDetector(), new PostgresDetector()]);
    private readonly IPAddress _client = IPAddress.Parse("192.0.2.1");
    private readonly IPAddress[] _clients = new IPAddress[Clients];
    private readonly ConnectionFacts[] _exact = new ConnectionFacts[Clients];
    private readonly ConnectionFacts[] _wildcard = new ConnectionFacts[Clients];
    private readonly ConnectionFacts[] _unknown = new ConnectionFacts[Clients];
    private readonly byte[][] _hellos = new byte[Clients][];
    private RouteTable _names = null!;
    private RouteTable _networks = null!;
    private ConnectionFacts _silent = null!;
    private int _next;

    [Params(10, 10_000)]
    public int Count { get; set; }

    [GlobalSetup]
    public void Prepare()
    {
        var zones = Math.Max(1, Count / 10);
        _names = Table([
            .. Enumerable.Range(0, Count).Select(static i => Named($"host{i}", $"host{i}.example.com")),
            .. Enumerable.Range(0, zones).Select(static i => Named($"zone{i}", $"*.zone{i}.example.net")),
        ]);
        _networks = Table([.. Enumerable.Range(0, Count).Select(static i => From($"net{i}", new(Address(i << 8), 24)))]);
        _silent = new(_networks.Plan);
        for (var i = 0; i < Clients; i++)
        {
            var some = i * 7919 % Count; // spread over the table, the same in each run
            _hellos[i] = Hellos.Record($"host{some}.example.com");
            _exact[i] = Facts(_hellos[i]);
            _wildcard[i] = Facts(Hellos.Record($"any.zone{some % zones}.example.net"));
            _unknown[i] = Facts(Hellos.Record($"other{i}.example.org"));
            _clients[i] = Address((some << 8) + 1);
        }

        if (ExactName() is null || WildcardName() is null || UnknownName() is not null || ReadHelloAndName() is null || Network() is null)
        {
            throw new InvalidOperationException("A wrong route was chosen.");
        }
    }

    [Benchmark]
    public string? ExactName() => _names.Decide(_client, _exact[Next()]).RouteId;

    [Benchmark]
    public string? WildcardName() => _names.Decide(_client, _wildcard[Next()]).RouteId;

    [Benchmark]
    public string? UnknownName() => _names.Decide(_client, _unknown[Next()]).RouteId;

    [Benchmark]
    public string? ReadHelloAndName() => _names.Decide(_client, Facts(_hellos[Next()])).RouteId;

    [Benchmark]
    public string? Network() => _networks.Decide(_clients[Next()], _silent).RouteId;

    private int Next() => _next = (_next + 1) % Clients;

    private ConnectionFacts Facts(byte[] hello)
    {
        var facts = new ConnectionFacts(_names.Plan);
        facts.Examine(hello);
        return facts;
    }

    private RouteTable Table((string Id, int Order, RouteConditions Conditions)[] routes) =>
        new(RouteEntry.Sort([.. routes]), _detectors, TimeSpan.FromSeconds(5));

    private static (string Id, int Order, RouteConditions Conditions) Named(string id, string name) =>
        (id, 0, new() { ServerNames = [NamePattern.TryParse(name, out var pattern) ? pattern : throw new ArgumentException(name)] });

    private static (string Id, int Order, RouteConditions Conditions) From(string id, IPNetwork network) =>
        (id, 0, new() { SourceNetworks = [network] });

    private static IPAddress Address(int bits) => new([10, (byte)(bits >> 16), (byte)(bits >> 8), (byte)bits]);
}
