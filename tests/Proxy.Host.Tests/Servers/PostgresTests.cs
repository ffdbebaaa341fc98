using System.Net;
using System.Net.Sockets;
using Proxy.Host.Tests.Support;

namespace Proxy.Host.Tests.Servers;

/// <summary>A real PostgreSQL behind a route, driven by psql.</summary>
public sealed class PostgresTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("proxy-pg").FullName;

    [RealServerFact("initdb", "pg_ctl", "psql")]
    public async Task Route_Postgres_PsqlQueries()
    {
        await CreateAsync();
        try
        {
            await using var host = await TestHost.StartAsync(
                $$"""
                { "ReverseProxy": {
                    "TcpRoutes": { "pg": { "Listen": "127.0.0.1:0", "ClusterId": "pg" } },
                    "Clusters": { "pg": { "Destinations": { "a": { "Address": "unix:{{_folder}}/.s.PGSQL.5432" } } } } } }
                """
            );
            var port = ((IPEndPoint)host.Address).Port;
            var url = $"host=127.0.0.1 port={port} user=tester dbname=postgres connect_timeout=10";

            Assert.Equal("2", await Programs.RunAsync("psql", "", url, "-Atc", "select 1 + 1"));
            var rows = await Programs.RunAsync("psql", "", url, "-Atc", "select n, repeat('x', 100) from generate_series(1, 20000) n");
            Assert.Equal(20000, rows.Split('\n').Length);
            await Programs.RunAsync("psql", "", url, "-c", "create table t (n int)");
            var copy = string.Concat(Enumerable.Range(1, 50000).Select(static n => $"{n}\n"));
            Assert.Equal("COPY 50000", await Programs.RunAsync("psql", copy, url, "-c", "copy t from stdin"));
            Assert.Equal("1250025000", await Programs.RunAsync("psql", "", url, "-Atc", "select sum(n) from t"));
        }
        finally
        {
            await AsServerAsync($"pg_ctl -D {_folder}/data stop -m immediate");
        }
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private async Task CreateAsync()
    {
        if (Environment.IsPrivilegedProcess)
        {
            await Programs.RunAsync("chown", "", "postgres", _folder);
        }

        await AsServerAsync($"initdb -D {_folder}/data -U tester --auth=trust -N");
        await AsServerAsync($"pg_ctl -D {_folder}/data -w -l {_folder}/log -o \"-c listen_addresses= -k {_folder} -F\" start");
        await Eventually.TrueAsync(() => Programs.AcceptsAsync(new UnixDomainSocketEndPoint($"{_folder}/.s.PGSQL.5432")));
    }

    // PostgreSQL refuses to run as root.
    private static Task<string> AsServerAsync(string command)
    {
        var program = command.Split(' ')[0];
        var full = command.Replace(program, Programs.Find(program), StringComparison.Ordinal);
        return Environment.IsPrivilegedProcess
            ? Programs.RunAsync("runuser", "", "-u", "postgres", "--", "sh", "-c", $"cd / && {full} >/dev/null 2>&1")
            : Programs.RunAsync("sh", "", "-c", $"{full} >/dev/null 2>&1");
    }
}
