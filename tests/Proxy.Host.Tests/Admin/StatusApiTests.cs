using Proxy.Host.Tests.Support;

namespace Proxy.Host.Tests.Admin;

/// <summary>The overview of the host in the API.</summary>
[Collection(Alone.Name)]
public sealed class StatusApiTests : IDisposable
{
    private readonly TcpServer _server = new("hello");

    [Fact]
    public async Task Status_AfterAConnection_CountsItAndDescribesTheProcess()
    {
        await using var host = await TestHost.StartAsync(AdminClient.With(AdminClient.Changes, Json.Routes(Json.Route("r"), _server.Port)));
        using var api = new AdminClient(host);
        using var open = await TcpClientSocket.ConnectAsync(host.Address);
        await open.ReadAsync();
        using (var ended = await TcpClientSocket.ConnectAsync(host.Address))
        {
            await ended.ReadAsync();
            await ended.AskAsync("12345");
            ended.End();
            await ended.ReadAsync();
        }

        await Eventually.TrueAsync(() => host.Tracker.Count == 1);
        var status = await api.GetAsync("/api/status");

        var connections = status.GetProperty("connections");
        Assert.Equal(1, connections.GetProperty("open").GetInt32());
        Assert.Equal(1, connections.GetProperty("ended").GetProperty("Completed").GetInt64());
        Assert.Equal((5, 15), (connections.GetProperty("bytesIn").GetInt64(), connections.GetProperty("bytesOut").GetInt64()));
        Assert.Equal(host.Status.Running!.Id, status.GetProperty("revision").GetProperty("id").GetString());
        Assert.True(status.GetProperty("ready").GetBoolean() && status.GetProperty("allowChanges").GetBoolean());
        Assert.False(status.GetProperty("draining").GetBoolean());
        var process = status.GetProperty("process");
        Assert.Equal(Environment.ProcessId, process.GetProperty("id").GetInt32());
        Assert.True(process.GetProperty("workingSetBytes").GetInt64() > 0);
        Assert.Equal(3, process.GetProperty("gc").GetProperty("collections").GetArrayLength());
        if (OperatingSystem.IsLinux())
        {
            Assert.Equal(1, process.GetProperty("loops").EnumerateArray().Sum(static loop => loop.GetProperty("connections").GetInt32()));
        }
    }

    public void Dispose() => _server.Dispose();
}
