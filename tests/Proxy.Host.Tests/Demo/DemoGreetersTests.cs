using System.Net;
using System.Net.Sockets;
using Proxy.Host.Tests.Support;

namespace Proxy.Host.Tests.Demo;

/// <summary>Runs alone, because the demo's ports are fixed.</summary>
[Collection(Alone.Name)]
public sealed class DemoGreetersTests
{
    [Fact]
    public async Task Run_PortOfTheDemoInUse_ExitCodeOneAndThePortIsNamed()
    {
        var file = Path.GetTempFileName();
        await File.WriteAllTextAsync(file, """{ "Demo": { "Enabled": true }, "ReverseProxy": {} }""");
        using var taken = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        taken.Bind(new IPEndPoint(IPAddress.Loopback, 17002));
        taken.Listen();

        var (exit, _, errors) = await ProxyProcess.RunAsync("run", "--config", file);

        Assert.Equal(1, exit);
        var line = Assert.Single(errors.Split('\n', StringSplitOptions.RemoveEmptyEntries)[1..]); // the first one tells the version
        Assert.Equal("Demo: The address 127.0.0.1:17002 is in use.", line);
        File.Delete(file);
    }
}
