using System.Net;
using Proxy.Host.Tests.EndToEnd.Servers;

namespace Proxy.Host.Tests.EndToEnd.Channels;

/// <summary>Third-party programs at both ends of a tunnel.</summary>
public sealed class RealProgramTests
{
    // Prints the status and all received data.
    private const string Connect = """
        const [authority, port, folder] = process.argv.slice(1);
        const read = name => require('fs').readFileSync(`${folder}/${name}`);
        const client = require('http2').connect(`https://127.0.0.1:${port}`, {
          ca: read('ca.crt'), cert: read('A_1.crt'), key: read('A_1.key'), checkServerIdentity: () => undefined });
        const stream = client.request({ ':method': 'CONNECT', ':authority': authority });
        let text = '';
        stream.on('response', headers => { text = headers[':status'] + ' '; stream.write('GET / HTTP/1.0\r\n\r\n'); });
        stream.on('end', () => stream.end());
        stream.on('data', data => text += data);
        stream.on('error', error => { text += error.code; });
        stream.on('close', () => { console.log(text); client.close(); });
        """;

    [RealServerFact("redis-server", "redis-cli", "redis-benchmark")]
    public async Task Redis_OverRequestAndReply_ItsClientsWork()
    {
        await using var three = await ThreeInstances.StartAsync();
        var (ip, port) = (ThreeInstances.Ip(1, 1), $"{three.DbPort}");
        using var redis = Programs.Start("redis-server", "--port", port, "--bind", ip, "--save", "", "--protected-mode", "no");
        try
        {
            await Eventually.TrueAsync(() => Programs.AcceptsAsync(new IPEndPoint(IPAddress.Parse(ip), three.DbPort)));
            await three.ServesAsync(1);

            var big = new string('x', 3_000_000);
            string[] target = ["-h", "127.11.0.1", "-p", port];
            Assert.Equal("OK", await Programs.RunAsync("redis-cli", big, [.. target, "-x", "set", "big"]));
            Assert.Equal(big, await Programs.RunAsync("redis-cli", "", [.. target, "get", "big"]));
            var benchmark = await Programs.RunAsync("redis-benchmark", "", [.. target, "-t", "get", "-n", "5000", "-c", "50", "--csv"]);
            Assert.Contains("\"GET\"", benchmark, StringComparison.Ordinal);
            await Eventually.TrueAsync(() => three.Channels(0).Tunnels().Count == 0 && three.Channels(1).Tunnels().Count == 0);
        }
        finally
        {
            redis.Kill();
        }
    }

    [RealServerFact("node")]
    public async Task Node_Connects_OnlyToConnectors()
    {
        await using var three = await ThreeInstances.StartAsync();
        await three.ServeAsync(1, three.DbPort);
        await three.ServesAsync(1);
        await Eventually.TrueAsync(() => three.Channels(1).Members().Any(static member => member.Id == "A_1"));

        Assert.Matches("^200 HTTP/1.1 200 OK(?s:.*)A_2 127.0.0.1$", await ConnectAsync(three, $"A_2.db.channel:{three.DbPort}"));
        Assert.StartsWith("421", await ConnectAsync(three, $"A_3.db.channel:{three.DbPort}"), StringComparison.Ordinal);
        Assert.StartsWith("404", await ConnectAsync(three, $"A_2.other.channel:{three.DbPort}"), StringComparison.Ordinal);
        Assert.StartsWith("404", await ConnectAsync(three, "127.0.0.1:22"), StringComparison.Ordinal);
    }

    private static Task<string> ConnectAsync(ThreeInstances three, string authority) =>
        Programs.RunAsync("node", "", "-e", Connect, authority, $"{three.Tunnels[1]}", three.Certificates);
}
