// The time to choose a route by the name in a ClientHello: a table of so many routes with an exact name each, and a tenth as many with a wildcard.
// names.cs NAMES...
// The name is that of the tests, which may use what is internal.
#:property AssemblyName=Proxy.Core.Tests
#:property PublishAot=false
#:property TreatWarningsAsErrors=false
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text;
using Proxy.Configuration.Routes;
using Proxy.Peeking;
using Proxy.Peeking.Detectors;
using Proxy.Routes;

CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
const int Rounds = 9;
const int Decisions = 200_000;
const int Hellos = 64;
var client = IPAddress.Parse("192.0.2.1");
var detectors = new DetectorRegistry([new TlsDetector(), new HttpDetector(), new SshDetector(), new PostgresDetector()]);
Console.WriteLine("| names | exact ns | wildcard ns | none ns | ClientHello and exact ns | table ms |");
Console.WriteLine("|---|---|---|---|---|---|");
foreach (var count in args.Select(int.Parse))
{
    var started = Stopwatch.GetTimestamp();
    var table = Table(count);
    var built = Stopwatch.GetElapsedTime(started).TotalMilliseconds;
    var random = new Random(1);
    int Any(int below) => random.Next(Math.Max(1, below));
    var exact = Enumerable.Range(0, Hellos).Select(_ => Hello($"host{Any(count)}.example.com")).ToArray();
    var wildcard = Enumerable.Range(0, Hellos).Select(_ => Hello($"any.zone{Any(count / 10)}.example.net")).ToArray();
    var none = Enumerable.Range(0, Hellos).Select(static i => Hello($"other{i}.example.org")).ToArray();
    Check(table, exact[0], "host");
    Check(table, wildcard[0], "zone");
    Check(table, none[0], null);
    Console.WriteLine(
        $"| {count} | {Time(table, exact):F0} | {Time(table, wildcard):F0} | {Time(table, none):F0} | {Whole(table, exact):F0} | {built:F1} |"
    );
}

// The best of the rounds, since the machine may be busy.
double Time(RouteTable table, byte[][] hellos)
{
    var facts = hellos.Select(hello => Facts(table, hello)).ToArray();
    return Best(i => table.Decide(client, facts[i % Hellos]));
}

double Whole(RouteTable table, byte[][] hellos) => Best(i => table.Decide(client, Facts(table, hellos[i % Hellos])));

double Best(Func<int, RouteDecision> decide)
{
    var best = double.MaxValue;
    for (var round = 0; round < Rounds; round++)
    {
        var started = Stopwatch.GetTimestamp();
        for (var i = 0; i < Decisions; i++)
        {
            decide(i);
        }

        best = Math.Min(best, Stopwatch.GetElapsedTime(started).TotalNanoseconds / Decisions);
    }

    return best;
}

RouteTable Table(int count)
{
    var routes = Enumerable
        .Range(0, count)
        .Select(static i => Route($"host{i}", $"host{i}.example.com"))
        .Concat(Enumerable.Range(0, Math.Max(1, count / 10)).Select(static i => Route($"zone{i}", $"*.zone{i}.example.net")));
    return new(RouteEntry.Sort([.. routes]), detectors, TimeSpan.FromSeconds(5));
}

static (string Id, int Order, RouteConditions Conditions) Route(string id, string name) =>
    (id, 0, new() { ServerNames = [NamePattern.TryParse(name, out var pattern) ? pattern : throw new ArgumentException(name)] });

static ConnectionFacts Facts(RouteTable table, byte[] hello)
{
    var facts = new ConnectionFacts(table.Plan);
    facts.Examine(hello);
    return facts;
}

void Check(RouteTable table, byte[] hello, string? route)
{
    var facts = Facts(table, hello);
    if (table.Decide(client, facts).RouteId is var id && !(id?.StartsWith(route ?? "?", StringComparison.Ordinal) ?? route is null))
    {
        throw new InvalidOperationException($"{id} and not {route}");
    }
}

static byte[] Hello(string name)
{
    byte[] text = Encoding.ASCII.GetBytes(name);
    byte[] extensions = Long([0, 0, .. Long(Long([0, .. Long(text)]))]);
    byte[] body = [3, 3, .. new byte[32], 32, .. new byte[32], 0, 2, 0x13, 0x01, 1, 0, .. extensions];
    return [22, 3, 1, .. Long([1, 0, .. Long(body)])];
}

static byte[] Long(byte[] content) => [(byte)(content.Length >> 8), (byte)content.Length, .. content];
