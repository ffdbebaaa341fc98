using System.Net;
using System.Net.Sockets;

namespace Proxy.Host.Tests.EndToEnd.Servers;

/// <summary>A real PostgreSQL server in a temporary folder; its user <c>tester</c> needs no password.</summary>
internal sealed class PostgresServer : IAsyncDisposable
{
    private const int Port = 5432;

    private readonly string _folder = Directory.CreateTempSubdirectory("proxy-pg").FullName;

    private PostgresServer() { }

    /// <summary>The path of its unix socket, on which it always listens.</summary>
    public string SocketPath => $"{_folder}/.s.PGSQL.{Port}";

    /// <summary>The file of its certificate, for the name <c>test</c>, if it accepts TLS.</summary>
    public string Certificate => $"{_folder}/data/server.crt";

    /// <param name="tcp">An address to listen on besides the socket.</param>
    /// <param name="tls">Whether it accepts TLS, with a certificate of its own.</param>
    public static async Task<PostgresServer> StartAsync(IPEndPoint? tcp = null, bool tls = false)
    {
        var server = new PostgresServer();
        try
        {
            await server.StartAsync($"-c listen_addresses={tcp?.Address} -p {tcp?.Port ?? Port}", tls);
            await Eventually.TrueAsync(() => Programs.AcceptsAsync((EndPoint?)tcp ?? new UnixDomainSocketEndPoint(server.SocketPath)));
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        try
        {
            await RunAsync($"pg_ctl -D {_folder}/data stop -m immediate");
        }
        finally
        {
            Directory.Delete(_folder, recursive: true);
        }
    }

    private async Task StartAsync(string options, bool tls)
    {
        if (Environment.IsPrivilegedProcess)
        {
            await Programs.RunAsync("chown", "", "postgres", _folder);
        }

        await RunAsync($"initdb -D {_folder}/data -U tester --auth=trust -N");
        if (tls)
        {
            await RunAsync(
                $"openssl req -x509 -newkey rsa:2048 -nodes -keyout {_folder}/data/server.key -out {_folder}/data/server.crt -subj /CN=test"
            );
            options += " -c ssl=on";
        }

        await RunAsync($"pg_ctl -D {_folder}/data -w -l {_folder}/log -o \"{options} -k {_folder} -F\" start");
    }

    // PostgreSQL refuses to run as root.
    private static Task<string> RunAsync(string command)
    {
        var program = command.Split(' ')[0];
        var full = command.Replace(program, Programs.Find(program), StringComparison.Ordinal);
        return Environment.IsPrivilegedProcess
            ? Programs.RunAsync("runuser", "", "-u", "postgres", "--", "sh", "-c", $"cd / && {full} >/dev/null 2>&1")
            : Programs.RunAsync("sh", "", "-c", $"{full} >/dev/null 2>&1");
    }
}
