using System.Net;
using FsCheck;
using FsCheck.Fluent;
using Proxy.Configuration.Routes;
using Proxy.Core.Tests.Peeking;
using Proxy.Peeking;
using Proxy.Peeking.Detectors;
using Proxy.Routes;

namespace Proxy.Core.Tests.Routes;

public sealed class RouteTableTests
{
    private static readonly DetectorRegistry _detectors = new([
        new TlsDetector(),
        new HttpDetector(),
        new SshDetector(),
        new PostgresDetector(),
    ]);

    private static readonly IPAddress _client = IPAddress.Parse("10.1.2.3");

    [Fact]
    public void Decide_SeveralNamesMatch_TheMoreSpecificFirst()
    {
        var table = Table(
            Route("a-suffix", names: ["*.example.com"]),
            Route("b-longer", names: ["*.mail.example.com"]),
            Route("c-exact", names: ["imap.mail.example.com"]),
            Route("d-alpn", alpn: ["h2"]),
            Route("e-tls", protocols: ["Tls"]),
            Route("f-all")
        );

        Assert.Equal("c-exact", table.Decide(_client, Facts(table, Hellos.Simple("IMAP.mail.example.com."))).RouteId);
        Assert.Equal("b-longer", table.Decide(_client, Facts(table, Hellos.Simple("a.b.mail.example.com"))).RouteId);
        Assert.Equal("a-suffix", table.Decide(_client, Facts(table, Hellos.Simple("mail.example.com", "h2"))).RouteId);
        Assert.Equal("d-alpn", table.Decide(_client, Facts(table, Hellos.Simple("example.com", "h2"))).RouteId);
        Assert.Equal("d-alpn", table.Decide(_client, Facts(table, Hellos.Simple(null, "x", "h2"))).RouteId);
        Assert.Equal("e-tls", table.Decide(_client, Facts(table, Hellos.Simple("xample.com"))).RouteId);
        Assert.Equal("f-all", table.Decide(_client, Facts(table, "SSH-2.0-x\r\n"u8)).RouteId);
    }

    [Fact]
    public void Decide_RouteWithSeveralNames_EachIsAsSpecificAsItIs()
    {
        var table = Table(Route("a", names: ["exact.example.com", "*.example.com"]), Route("b", names: ["*.mail.example.com"]));

        Assert.Equal("b", table.Decide(_client, Facts(table, Hellos.Simple("x.mail.example.com"))).RouteId);
        Assert.Equal("a", table.Decide(_client, Facts(table, Hellos.Simple("mail.example.com"))).RouteId);
    }

    [Fact]
    public void Decide_OrderBeforeSpecificity_TheLowerTakesIt()
    {
        var table = Table(Route("wide", order: -1, names: ["*.example.com"]), Route("exact", names: ["a.example.com"]));

        Assert.Equal("wide", table.Decide(_client, Facts(table, Hellos.Simple("a.example.com"))).RouteId);
    }

    [Fact]
    public void Decide_ClientOfAnEarlierRouteWithoutBytes_NotPeekedAt()
    {
        var table = Table(Route("inside", order: -1, networks: ["10.0.0.0/8"]), Route("named", names: ["a.example"]), Route("rest"));

        Assert.Equal(new(PeekNeed.Nothing, "inside"), table.Decide(_client, new(table.Plan)));
        Assert.Equal(PeekNeed.MoreBytes, table.Decide(IPAddress.Parse("192.0.2.1"), new(table.Plan)).Need);
    }

    [Fact]
    public void Decide_PeekingRoutesOfOtherNetworksOnly_NotPeekedAt()
    {
        var table = Table(Route("named", names: ["a.example"], networks: ["192.0.2.0/24"]), Route("rest"));

        Assert.Equal(new(PeekNeed.Nothing, "rest"), table.Decide(_client, new(table.Plan)));
        Assert.Equal(new(PeekNeed.Nothing, "rest"), table.Decide(null, new(table.Plan)));
    }

    [Fact]
    public void Decide_LongHelloAndAProtocolRouteFirst_DecidedByItsFirstBytes()
    {
        var table = Table(Route("tls", order: -1, protocols: ["Tls"]), Route("named", names: ["a.example"]));

        Assert.Equal("tls", table.Decide(_client, Facts(table, Hellos.Simple("a.example").AsSpan(0, 6), ends: false)).RouteId);
    }

    [Fact]
    public void Decide_TheEnd_WhatIsUnknownCountsAsNo()
    {
        var table = Table(Route("named", names: ["a.example"]), Route("rest"));
        var facts = Facts(table, Hellos.Simple("a.example").AsSpan(0, 40), ends: false);
        Assert.Equal(PeekNeed.MoreBytes, table.Decide(_client, facts).Need);

        facts.End();

        Assert.Equal(new(PeekNeed.Nothing, "rest"), table.Decide(_client, facts));
    }

    [Fact]
    public void Decide_PostgresWithNames_AnsweredAndThenChosenByName()
    {
        var table = Table(
            Route("db", names: ["db.example"], protocols: ["Postgres"]),
            Route("web", names: ["db.example"]),
            Route("other", protocols: ["Postgres"])
        );
        var facts = Facts(table, PostgresRequests.AskForTls.Span, ends: false);

        Assert.Equal(PeekNeed.Answer, table.Decide(_client, facts).Need);
        Assert.Equal("S"u8, facts.AnswerPostgres().Span);
        Assert.Equal(PeekNeed.MoreBytes, table.Decide(_client, facts).Need);
        facts.Examine(Hellos.Simple("db.example"));
        Assert.Equal("db", table.Decide(_client, facts).RouteId);

        // TLS from the first byte is a client of PostgreSQL by its application protocol only.
        Assert.Equal("db", table.Decide(_client, Facts(table, Hellos.Simple("db.example", "postgresql"))).RouteId);
        Assert.Equal("web", table.Decide(_client, Facts(table, Hellos.Simple("db.example"))).RouteId);
        Assert.Equal("other", table.Decide(_client, Facts(table, Hellos.Simple("x.example", "postgresql"))).RouteId);
    }

    [Fact]
    public void Decide_PostgresThatAsksForGss_RefusedOnceAndThenAsBefore()
    {
        var table = Table(Route("db", names: ["db.example"], protocols: ["Postgres"]));
        var facts = Facts(table, Convert.FromHexString("0000000804D21630"), ends: false);

        Assert.Equal(PeekNeed.Answer, table.Decide(_client, facts).Need);
        Assert.Equal("N"u8, facts.AnswerPostgres().Span);
        Assert.Equal(PeekNeed.MoreBytes, table.Decide(_client, facts).Need);
        facts.Examine(Convert.FromHexString("0000000804D21630"));
        Assert.Equal(new(PeekNeed.Nothing, null), table.Decide(_client, facts));
    }

    [Fact]
    public void Decide_ThousandsOfNamesAndNetworks_AsManyProbesAsForOne()
    {
        var few = Allocated(Table(Route("r0", names: ["n0.example"], networks: ["10.0.0.0/24"])), 0);
        var many = Table([
            .. Enumerable
                .Range(0, 20_000)
                .Select(i => Route($"r{i}", names: [$"n{i}.example"], networks: [$"10.{i / 256}.{i % 256}.0/24"])),
        ]);

        Assert.Equal(few, Allocated(many, 19_999));

        // Nothing is walked: the candidates of a name are those with that name.
        static long Allocated(RouteTable table, int i)
        {
            var facts = Facts(table, Hellos.Simple($"n{i}.example"));
            var client = IPAddress.Parse($"10.{i / 256}.{i % 256}.7");
            Assert.Equal($"r{i}", table.Decide(client, facts).RouteId);
            var before = GC.GetAllocatedBytesForCurrentThread();
            _ = table.Decide(client, facts);
            return GC.GetAllocatedBytesForCurrentThread() - before;
        }
    }

    [Fact]
    public void Decide_RandomRoutesAndClients_AsTryingOneAfterTheOther()
    {
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(3000), Prop.ForAll(Cases().ToArbitrary(), static value => AgreesWithAWalk(value)));
    }

    private static Gen<Case> Cases()
    {
        string[] names = ["a.example", "b.a.example", "*.example", "*.a.example", "c.test"];
        var subset = static (string[] all) => Gen.SubListOf(all).Select(static list => list.Take(2).ToArray());
        var route =
            from order in Gen.Choose(0, 2)
            from name in Gen.Frequency((2, Gen.Constant(Array.Empty<string>())), (3, subset(names)))
            from alpn in Gen.Frequency((4, Gen.Constant(Array.Empty<string>())), (1, subset(["h2", "postgresql"])))
            from protocol in Gen.Frequency((3, Gen.Constant(Array.Empty<string>())), (2, subset(["Tls", "Http", "Ssh", "Postgres"])))
            from network in Gen.Frequency((3, Gen.Constant(Array.Empty<string>())), (2, subset(["10.0.0.0/8", "10.1.0.0/16", "::/0"])))
            select (order, name, alpn, protocol, network);
        var bytes = Gen.OneOf([
            .. new[]
            {
                Hellos.Simple("a.example"),
                Hellos.Simple("b.a.example", "h2"),
                Hellos.Simple("x.b.a.example", "x", "postgresql"),
                Hellos.Simple(null, "h2"),
                Hellos.Simple("c.test", "postgresql"),
                Hellos.Simple(null),
                [.. "GET / HTTP/1.1\r\n"u8],
                [.. "SSH-2.0-x"u8],
                [.. "garbage"u8],
            }.SelectMany(static all => new[] { Gen.Constant(all), Gen.Choose(0, all.Length).Select(count => all[..count]) }),
        ]);
        return from routes in route.ListOf()
            from sent in bytes
            from ends in ArbMap.Default.GeneratorFor<bool>()
            from client in Gen.Elements("10.1.2.3", "10.2.2.3", "192.0.2.1", "2001:db8::1")
            select new Case(
                [.. routes.Take(8).Select((r, i) => Route($"r{i}", r.order, r.name, r.alpn, r.protocol, r.network))],
                sent,
                ends,
                IPAddress.Parse(client)
            );
    }

    private static bool AgreesWithAWalk(Case value)
    {
        var table = Table(value.Routes);
        var facts = Facts(table, value.Bytes, ends: false);
        if (facts.Postgres is not (PostgresRequest.None or PostgresRequest.MoreBytes))
        {
            return true;
        }

        if (value.Ends)
        {
            facts.End();
        }

        Assert.Equal(Walk(value, facts), table.Decide(value.Client, facts));
        return true;
    }

    private static RouteDecision Walk(Case value, ConnectionFacts facts)
    {
        foreach (var entry in RouteEntry.Sort(value.Routes))
        {
            switch (Verdict(entry, value, facts))
            {
                case DetectorVerdict.Yes:
                    return new(PeekNeed.Nothing, entry.RouteId);
                case DetectorVerdict.MoreBytes when !value.Ends:
                    return new(PeekNeed.MoreBytes, null);
                default:
                    break;
            }
        }

        return new(PeekNeed.Nothing, null);
    }

    private static DetectorVerdict Verdict(RouteEntry entry, Case value, ConnectionFacts facts)
    {
        var conditions = entry.Conditions;
        if (conditions.SourceNetworks.Count > 0 && !conditions.SourceNetworks.Any(network => network.Contains(value.Client)))
        {
            return DetectorVerdict.No;
        }

        if (conditions.NeedsHello)
        {
            var postgres = conditions.HasProtocol("Postgres");
            if (facts.Hello is not { } hello)
            {
                var mayAsk = postgres && value.Bytes.Length == 0; // each of the examples has another first byte
                return facts.MayHaveHello && (postgres || conditions.Protocols.Count == 0 || conditions.HasProtocol("Tls")) || mayAsk
                    ? DetectorVerdict.MoreBytes
                    : DetectorVerdict.No;
            }

            var isTls =
                conditions.Protocols.Count == 0
                || conditions.HasProtocol("Tls")
                || (postgres && hello.AlpnProtocols.Contains("postgresql"));
            var isNamed =
                entry.Name is not { } name
                || (
                    name.IsWildcard
                        ? hello.ServerName?.EndsWith($".{name.Name}", StringComparison.Ordinal) == true
                        : hello.ServerName == name.Name
                );
            var isOffered = conditions.AlpnProtocols.Count == 0 || conditions.AlpnProtocols.Intersect(hello.AlpnProtocols).Any();
            return (isTls && isNamed && isOffered).ToVerdict();
        }

        if (conditions.Protocols.Count == 0)
        {
            return DetectorVerdict.Yes;
        }

        var verdicts = conditions
            .Protocols.Select(name =>
                value.Bytes.Length == 0 ? DetectorVerdict.MoreBytes
                : _detectors.TryFind(name, out var detector) ? detector.Detect(value.Bytes)
                : DetectorVerdict.No
            )
            .ToList();
        return verdicts.Contains(DetectorVerdict.Yes) ? DetectorVerdict.Yes
            : verdicts.Contains(DetectorVerdict.MoreBytes) ? DetectorVerdict.MoreBytes
            : DetectorVerdict.No;
    }

    private static ConnectionFacts Facts(RouteTable table, ReadOnlySpan<byte> bytes, bool ends = true)
    {
        var facts = new ConnectionFacts(table.Plan);
        facts.Examine(bytes);
        if (ends)
        {
            facts.End();
        }

        return facts;
    }

    private static RouteTable Table(params (string Id, int Order, RouteConditions Conditions)[] routes) =>
        new(RouteEntry.Sort(routes), _detectors, TimeSpan.FromSeconds(5));

    private static (string Id, int Order, RouteConditions Conditions) Route(
        string id,
        int order = 0,
        string[]? names = null,
        string[]? alpn = null,
        string[]? protocols = null,
        string[]? networks = null
    ) =>
        (
            id,
            order,
            new()
            {
                ServerNames =
                [
                    .. (names ?? []).Select(static name =>
                        NamePattern.TryParse(name, out var pattern) ? pattern : throw new ArgumentException(name)
                    ),
                ],
                AlpnProtocols = alpn ?? [],
                Protocols = protocols ?? [],
                SourceNetworks = [.. (networks ?? []).Select(static network => IPNetwork.Parse(network))],
            }
        );

    private sealed record Case((string Id, int Order, RouteConditions Conditions)[] Routes, byte[] Bytes, bool Ends, IPAddress Client);
}
