using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Proxy.Host.Tests.Support;

namespace Proxy.Host.Tests.EndToEnd.Locking;

/// <summary>
/// config/examples/office.json before a service that leaks and hangs. Runs alone, because each good document has two seconds, which a busy
/// machine does not keep.
/// </summary>
[Collection(Alone.Name)]
public sealed class OfficeTests
{
    [Theory]
    [InlineData("Sockets")]
    [InlineData("Auto")]
    public async Task Run_ServiceThatLeaksAndHangs_EveryGoodDocumentIsConvertedAndNoClientMeetsAnother(string transport)
    {
        if (OperatingSystem.IsWindows())
        {
            return; // its restart command is a shell's
        }

        const int Documents = 70;
        await using var office = new FragileOffice();
        await using var host = await TestHost.StartAsync(Layer(office, transport), "config", "examples", "office.json");
        var address = (IPEndPoint)host.Address;

        var answers = await Task.WhenAll(Enumerable.Range(0, Documents).Select(i => ConvertAsync(address, Document(i))))
            .WaitAsync(Eventually.Limit);

        for (var i = 0; i < Documents; i++)
        {
            Assert.Equal(Document(i).StartsWith("bad", StringComparison.Ordinal) ? null : $"pdf of {Document(i)}", answers[i]);
        }

        Assert.Equal(1, office.MostClients);
        Assert.True(office.Restarts >= (Documents / 20) + 2, $"{office.Restarts} restarts.");
    }

    private static string Document(int i) => (i is 13 or 44 ? "bad " : "good ") + i.ToString(CultureInfo.InvariantCulture);

    private static Dictionary<string, string?> Layer(FragileOffice office, string transport)
    {
        const string Lock = "ReverseProxy:TcpRoutes:office:Lock";
        var layer = new Dictionary<string, string?>
        {
            ["Transport:Kind"] = transport,
            ["ReverseProxy:TcpRoutes:office:Listen"] = "127.0.0.1:0",
            ["ReverseProxy:Clusters:office:Destinations:soffice:Address"] = string.Create(
                CultureInfo.InvariantCulture,
                $"tcp://127.0.0.1:{office.Port}"
            ),
            [$"{Lock}:MaxHold"] = "00:00:02",
            [$"{Lock}:OnActivate:0:Every"] = "20",
            [$"{Lock}:OnActivate:0:AfterTimeout"] = "true",
            [$"{Lock}:OnActivate:1:WaitForPort"] = "Open",
        };
        foreach (var (index, argument) in office.RestartCommand.Index())
        {
            layer[$"{Lock}:OnActivate:0:Exec:{index}"] = argument;
        }

        return layer;
    }

    /// <summary>The answer; null when the connection was cut.</summary>
    private static async Task<string?> ConvertAsync(IPEndPoint address, string document)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(address);
        try
        {
            await using var stream = new NetworkStream(socket);
            using var reader = new StreamReader(stream);
            await stream.WriteAsync(System.Text.Encoding.ASCII.GetBytes($"{document}\n"));
            return await reader.ReadLineAsync();
        }
        catch (IOException)
        {
            return null;
        }
    }
}
