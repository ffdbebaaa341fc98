using System.Net;
using Proxy.Host.Tests.Support;

namespace Proxy.Host.Tests.EndToEnd.Servers;

/// <summary>DNS over TCP as a declared framing: a length of two bytes, then an id. Queries of many digs share one connection.</summary>
public sealed class DnsServerTests
{
    private const int Names = 40;

    [RealServerFact("dnsmasq", "dig")]
    public async Task Route_DeclaredLengthFieldAndId_ManyDigsAtOnceGetTheirOwnAnswers()
    {
        var port = Ports.Free();
        var records = Enumerable.Range(1, Names).Select(static number => $"--host-record=h{number}.test,10.1.2.{number}");
        string[] options =
        [
            "-k",
            "-C",
            "/dev/null",
            "-p",
            $"{port}",
            "-a",
            "127.0.0.1",
            "-z",
            "-R",
            "-h",
            "--pid-file=",
            "--user=",
            "--group=",
        ];
        using var server = Programs.Start("dnsmasq", [.. options, .. records]);
        try
        {
            await Programs.ListensAsync(port);
            await using var host = await TestHost.StartAsync(Config(port));
            var own = $"{((IPEndPoint)host.Address).Port}";

            var answers = await Task.WhenAll(Enumerable.Range(1, Names).Select(number => DigAsync(own, $"h{number}.test")));

            Assert.Equal(Enumerable.Range(1, Names).Select(static number => $"10.1.2.{number}"), answers);
            var batch = string.Concat(Enumerable.Range(1, Names).Select(static number => $"h{number}.test\n"));
            Assert.Equal(string.Join('\n', answers), await DigAsync(own, "+keepopen", "-f", "/dev/stdin", batch));
            Assert.Equal("", await DigAsync(own, "nobody.test"));
            Assert.Single(host.Multiplexed.Upstreams);
            Assert.Empty(host.Multiplexed.Errors);
        }
        finally
        {
            server.Kill();
        }
    }

    private static Task<string> DigAsync(string port, string name) => Programs.RunAsync("dig", "", Arguments(port, name));

    private static Task<string> DigAsync(string port, string option, string from, string file, string input) =>
        Programs.RunAsync("dig", input, Arguments(port, option, from, file));

    private static string[] Arguments(string port, params string[] rest) =>
        ["@127.0.0.1", "-p", port, "+tcp", "+short", "+tries=1", $"+timeout={Eventually.Limit.TotalSeconds}", .. rest];

    private static string Config(int port) =>
        $$"""
            { "ReverseProxy": {
                "TcpRoutes": { "dns": { "Listen": "127.0.0.1:0", "ClusterId": "dns", "Mode": "Multiplex" } },
                "Clusters": { "dns": {
                  "Destinations": { "a": { "Address": "tcp://127.0.0.1:{{port}}" } },
                  "Multiplex": {
                    "Framing": { "LengthField": { "Offset": 0, "Size": 2 } }, "Correlation": { "Offset": 2, "Size": 2 },
                    "MaxInFlight": 8, "KeepUnused": "None" } } } } }
            """;
}
