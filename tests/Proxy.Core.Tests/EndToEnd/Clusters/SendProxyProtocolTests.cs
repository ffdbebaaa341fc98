using System.Net.Sockets;
using System.Text;
using Proxy.Core.Tests.Multiplexing;

namespace Proxy.Core.Tests.EndToEnd.Clusters;

/// <summary>Connections that belong to no single client begin with a header that says so.</summary>
public sealed class SendProxyProtocolTests
{
    private static readonly byte[] _local = [13, 10, 13, 10, 0, 13, 10, 81, 85, 73, 84, 10, 0x20, 0, 0, 0];

    [Fact]
    public async Task Probe_OfAClusterThatSendsHeaders_BeginsWithALocalOneAlsoAfterAnEdit()
    {
        using var server = Loopback.Listen();
        await using var host = await EditedHost.StartAsync(Json(server, "V2"));

        Assert.Equal(_local, await FirstBytesAsync(server));

        await host.EditAsync(Json(server, "V1"));
        while (!Encoding.ASCII.GetString(await FirstBytesAsync(server)).StartsWith("PROXY UNKNOWN\r\n", StringComparison.Ordinal))
        {
            // A probe from before the edit.
        }
    }

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task Multiplexed_OfAClusterThatSendsHeaders_SharedConnectionBeginsWithALocalOne(string transport)
    {
        using var server = Loopback.Listen();
        await using var proxy = new Multiplexer(transport);
        await proxy.EditAsync(
            $$"""
            { "ReverseProxy": {
                "TcpRoutes": { "r": { "Listen": "127.0.0.1:0", "ClusterId": "c", "Mode": "Multiplex" } },
                "Clusters": { "c": {
                  "Tcp": { "SendProxyProtocol": "V2" },
                  "Destinations": { "d": { "Address": "{{server.Address()}}" } },
                  "Multiplex": { "Protocol": "line" } } } } }
            """
        );
        using var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await client.ConnectAsync(proxy.Address());
        await client.SendAsync("ping\n"u8.ToArray());

        using var shared = await server.AcceptWithinAsync();
        Assert.Equal(Encoding.Latin1.GetString(_local), await ReadAsync(shared, _local.Length));
        Assert.Equal("ping\n", await shared.ReadTextAsync(5));
        await shared.SendAsync("pong\n"u8.ToArray());
        Assert.Equal("pong\n", await client.ReadTextAsync(5));
    }

    private static async Task<byte[]> FirstBytesAsync(Socket server)
    {
        using var probe = await server.AcceptWithinAsync();
        return (await probe.ReadToEndAsync()).Bytes;
    }

    private static async Task<string> ReadAsync(Socket socket, int length)
    {
        using var limit = new CancellationTokenSource(Eventually.Limit);
        var bytes = new byte[length];
        await using var stream = new NetworkStream(socket, ownsSocket: false);
        await stream.ReadExactlyAsync(bytes, limit.Token);
        return Encoding.Latin1.GetString(bytes);
    }

    private static string Json(Socket server, string version) =>
        $$"""
            { "ReverseProxy": {
                "TcpRoutes": { "r": { "Listen": "127.0.0.1:0", "ClusterId": "c" } },
                "Clusters": { "c": {
                  "HealthCheck": { "Active": { "Enabled": true, "Interval": "00:00:01" } },
                  "Tcp": { "SendProxyProtocol": "{{version}}" },
                  "Destinations": { "d": { "Address": "{{server.Address()}}" } } } } } }
            """;
}
