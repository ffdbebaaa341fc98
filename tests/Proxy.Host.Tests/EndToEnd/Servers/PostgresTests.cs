using System.Net;
using Proxy.Host.Tests.EndToEnd.Channels;
using Proxy.Host.Tests.Support;

namespace Proxy.Host.Tests.EndToEnd.Servers;

/// <summary>A real PostgreSQL behind a route and behind channels, driven by psql.</summary>
public sealed class PostgresTests
{
    [RealServerFact("initdb", "pg_ctl", "psql")]
    public async Task Route_Postgres_PsqlQueries()
    {
        await using var server = await PostgresServer.StartAsync();
        await using var host = await TestHost.StartAsync(
            $$"""
            { "ReverseProxy": {
                "TcpRoutes": { "pg": { "Listen": "127.0.0.1:0", "ClusterId": "pg" } },
                "Clusters": { "pg": { "Destinations": { "a": { "Address": "unix:{{server.SocketPath}}" } } } } } }
            """
        );

        await QueryAsync(Url("127.0.0.1", ((IPEndPoint)host.Address).Port));
    }

    [RealServerFact("initdb", "pg_ctl", "psql")]
    public async Task RequestAndReply_Postgres_PsqlQueriesAndCancels()
    {
        await using var three = await ThreeInstances.StartAsync();
        await using var server = await PostgresServer.StartAsync(new IPEndPoint(IPAddress.Parse(ThreeInstances.Ip(1, 1)), three.DbPort));
        await three.ServesAsync(1);
        var url = Url("127.11.0.1", three.DbPort);

        await QueryAsync(url);
        await CancelAsync(url);

        await Eventually.TrueAsync(() => three.Channels(0).Tunnels().Count == 0 && three.Channels(1).Tunnels().Count == 0);
    }

    [RealServerFact("initdb", "pg_ctl", "psql", "openssl")]
    public async Task RouteByName_PostgresWithTls_PsqlReachesTheServerOfItsName()
    {
        var address = new IPEndPoint(IPAddress.Loopback, Ports.Free());
        await using var server = await PostgresServer.StartAsync(address, tls: true);
        await using var host = await TestHost.StartAsync(
            $$"""
            { "ReverseProxy": {
                "TcpEndpoints": { "db": { "Address": "127.0.0.1:0" } },
                "TcpRoutes": {
                  "sales": {
                    "Match": { "Endpoints": ["db"], "Protocols": ["Postgres"], "ServerNames": ["sales.example.com"] },
                    "ClusterId": "sales"
                  },
                  "others": { "Match": { "Endpoints": ["db"], "Protocols": ["Postgres"] }, "ClusterId": "none" }
                },
                "Clusters": {
                  "sales": { "Destinations": { "a": { "Address": "tcp://{{address}}" } } },
                  "none": {}
                } } }
            """
        );
        var to = $"hostaddr=127.0.0.1 {Url("sales.example.com", ((IPEndPoint)host.Address).Port)}";

        const string Encrypted = "select ssl from pg_stat_ssl where pid = pg_backend_pid()";
        Assert.Equal("t", await Programs.RunAsync("psql", "", $"{to} sslmode=require", "-Atc", Encrypted));
        await QueryAsync($"{to} sslmode=prefer");
        foreach (var other in (string[])["sslmode=disable", "sslmode=require sslsni=0"])
        {
            await Assert.ThrowsAsync<InvalidOperationException>(() => Programs.RunAsync("psql", "", $"{to} {other}", "-Atc", "select 1"));
        }
    }

    private static string Url(string host, int port) =>
        $"host={host} port={port} user=tester dbname=postgres connect_timeout={Eventually.Limit.TotalSeconds}";

    private static async Task QueryAsync(string url)
    {
        Assert.Equal("2", await Programs.RunAsync("psql", "", url, "-Atc", "select 1 + 1"));
        var rows = await Programs.RunAsync("psql", "", url, "-Atc", "select n, repeat('x', 100) from generate_series(1, 20000) n");
        Assert.Equal(20000, rows.Split('\n').Length);
        await Programs.RunAsync("psql", "", url, "-c", "create table t (n int)");
        var copy = string.Concat(Enumerable.Range(1, 50000).Select(static n => $"{n}\n"));
        Assert.Equal("COPY 50000", await Programs.RunAsync("psql", copy, url, "-c", "copy t from stdin"));
        Assert.Equal("1250025000", await Programs.RunAsync("psql", "", url, "-Atc", "select sum(n) from t"));
    }

    // An interrupted psql opens a second connection to cancel the query of the first; both must reach the same server.
    private static async Task CancelAsync(string url)
    {
        const string Sleepers = "select count(*) from pg_stat_activity where query = 'select pg_sleep(600)'";
        using var sleeper = Programs.Start("psql", url, "-c", "select pg_sleep(600)");
        try
        {
            await Eventually.TrueAsync(async () => await Programs.RunAsync("psql", "", url, "-Atc", Sleepers) == "1");
            await Programs.RunAsync("kill", "", "-INT", $"{sleeper.Id}");
            using var limit = new CancellationTokenSource(Eventually.Limit);
            await sleeper.WaitForExitAsync(limit.Token);
            await Eventually.TrueAsync(async () => await Programs.RunAsync("psql", "", url, "-Atc", Sleepers) == "0");
        }
        finally
        {
            sleeper.Kill();
        }
    }
}
