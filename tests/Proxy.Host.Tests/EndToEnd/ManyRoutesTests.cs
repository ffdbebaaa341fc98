using System.Net;
using System.Net.Sockets;
using System.Text;
using Proxy.Host.Tests.Support;

namespace Proxy.Host.Tests.EndToEnd;

/// <summary>Thousands of routes, edited again and again. Runs alone, because reading and applying them keeps the cores busy.</summary>
[Collection(Alone.Name)]
public sealed class ManyRoutesTests : IDisposable
{
    private const int Routes = 2000;
    private const int Edits = 50;

    // In bytes. One revision of these routes takes some 20 MB; when revisions were kept, the process ended at the thirteenth edit.
    private const int HeapLimit = 200_000_000;

    private readonly string _folder = Directory.CreateTempSubdirectory("routes-").FullName;
    private readonly TcpServer[] _servers = [new("even"), new("odd")];

    [Fact]
    public async Task Edit_FiftyTimesInASmallHeap_EachIsAppliedAndNoneIsKept()
    {
        Write(0);
        using var program = new ProxyProcess($"export DOTNET_GCHeapHardLimit=0x{HeapLimit:X};", "run", "--config", ConfigFile);
        var probe = new IPEndPoint(IPAddress.Loopback, await program.PortAsync("127.0.0.1:0"));
        for (var edit = 1; edit <= Edits; edit++)
        {
            Write(edit);
            await program.SignalAsync("HUP");
            var expected = edit % 2 == 0 ? "even" : "odd";
            await Eventually.TrueAsync(async () =>
            {
                Assert.False(program.HasExited, program.Errors);
                return await AskAsync(probe) == expected;
            });
        }

        Assert.DoesNotContain("OutOfMemory", program.Errors, StringComparison.Ordinal);
    }

    public void Dispose()
    {
        Array.ForEach(_servers, static server => server.Dispose());
        Directory.Delete(_folder, recursive: true);
    }

    private string ConfigFile => Path.Combine(_folder, "proxy.json");

    private static async Task<string> AskAsync(IPEndPoint address)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(address);
        var greeting = new byte[16];
        var length = await socket.ReceiveAsync(greeting);
        return Encoding.ASCII.GetString(greeting, 0, length);
    }

    // The first route is the one that is edited and asked; the others have an address each and are never used.
    private void Write(int edit)
    {
        var routes = Enumerable
            .Range(0, Routes)
            .Select(index => $"\"r{index}\": {{ \"Listen\": \"unix:{_folder}/{index}\", \"ClusterId\": \"unused\" }}");
        var written = Path.Combine(_folder, "written.json");
        File.WriteAllText(
            written,
            $$"""
            { "ReverseProxy": {
              "TcpRoutes": { "probe": { "Listen": "127.0.0.1:0", "ClusterId": "probe" }, {{string.Join(", ", routes)}} },
              "Clusters": { "probe": {{Json.Cluster(_servers[edit % 2].Port)}}, "unused": {{Json.Cluster(9)}} } } }
            """
        );
        File.Move(written, ConfigFile, overwrite: true);
    }
}
