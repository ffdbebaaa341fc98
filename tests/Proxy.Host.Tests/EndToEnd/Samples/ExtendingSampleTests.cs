using System.Text.Json;

namespace Proxy.Host.Tests.EndToEnd.Samples;

/// <summary>Each extension point of the sample is used.</summary>
public sealed class ExtendingSampleTests(ExtendingSample sample) : IClassFixture<ExtendingSample>
{
    [Fact]
    public async Task Dial_ThreeClients_PolicyFillsTheFirstDestinationAndTheConnectionFactoryConnects()
    {
        using var one = await TcpClientSocket.ConnectAsync(sample.FilledPort);
        Assert.Equal("a", await one.ReadAsync());
        using var two = await TcpClientSocket.ConnectAsync(sample.FilledPort);
        Assert.Equal("a", await two.ReadAsync());
        using var three = await TcpClientSocket.ConnectAsync(sample.FilledPort);
        Assert.Equal("b", await three.ReadAsync());

        await sample.A1.SaysAsync($"Connected to 127.0.0.1:{sample.First.Port} from");
        await sample.A1.SaysAsync($"Connected to 127.0.0.1:{sample.Second.Port} from");
    }

    [Fact]
    public async Task Framer_TwoClients_ShareAConnectionAndGetErrorsOfTheProtocol()
    {
        using var one = await TcpClientSocket.ConnectAsync(sample.WordsPort);
        using var two = await TcpClientSocket.ConnectAsync(sample.WordsPort);

        Assert.Equal("GET a\n", await one.AskAsync("GET a\n"));
        Assert.Equal("SET b\n", await two.AskAsync("SET b\n"));
        Assert.Equal("ERROR NotAllowed\n", await two.AskAsync("DROP b\n"));

        Assert.Equal(1, sample.Words.Connections);
    }

    [Fact]
    public async Task Hook_ClientOfTheLock_RunsAtActivationAndRelease()
    {
        using (var client = await TcpClientSocket.ConnectAsync(sample.TurnsPort))
        {
            Assert.Equal("turn", await client.ReadAsync());
            await sample.A1.SaysAsync("activate 1 of route turns.");
        }

        await sample.A1.SaysAsync("release 1 of route turns.");
    }

    [Fact]
    public async Task Provider_MemberOfTheFolder_IsReachedAndTheMonitorIsNotified()
    {
        using var server = new TcpServer("other", sample.OtherServer);
        await sample.A1.SaysAsync($"Channel ring at {sample.Own} has members: A_2 Up.");

        using var client = await TcpClientSocket.ConnectAsync(sample.Other);

        Assert.Equal("other", await client.ReadAsync());
    }

    [Fact]
    public async Task Status_RequestedByHttp_IsReady()
    {
        using var http = new HttpClient();
        using var status = JsonDocument.Parse(await http.GetStringAsync(new Uri($"http://127.0.0.1:{sample.WebPort}/proxy")));

        Assert.True(status.RootElement.GetProperty("ready").GetBoolean());
    }
}
