using Microsoft.Extensions.DependencyInjection;
using Proxy.Engine;
using Proxy.Host.Tests.Support;
using Proxy.Transports;

namespace Proxy.Host.Tests.Admin;

/// <summary>The overview of the host in the API.</summary>
public sealed class StatusApiTests : IDisposable
{
    private readonly TcpServer _server = new("hello");

    [Fact]
    public async Task Status_Engine_HowItIsReached()
    {
        var since = new DateTimeOffset(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);
        var engine = new FixedEngine(
            new("etcd", "https://10.0.0.5:2379", null)
            {
                Revision = 42,
                RevisionLag = 1,
                LeaseLeft = TimeSpan.FromSeconds(7),
                Unreachable = new(3, since, since, "it has not answered"),
            }
        );
        await using var host = await TestHost.StartAsync(
            $$"""{ "Admin": {{AdminClient.Changes}} }""",
            services => services.AddSingleton<IEngine>(engine)
        );
        using var api = new AdminClient(host);

        var status = (await api.GetAsync("/api/status")).GetProperty("engine");
        var wrong = (await api.GetAsync("/api/conditions?kind=Engine")).GetRawText();

        Assert.Equal(
            ("https://10.0.0.5:2379", 42),
            (status.GetProperty("endpoint").GetString(), status.GetProperty("revision").GetInt64())
        );
        Assert.Equal(
            (7, "it has not answered"),
            (status.GetProperty("leaseLeft").GetDouble(), status.GetProperty("lastError").GetString())
        );
        Assert.Contains("EngineUnreachable", wrong, StringComparison.Ordinal);
    }

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

        await Eventually.TrueAsync(() => host.Tracker.Count == 1 && host.Tracker.Open.All(static record => record.UpstreamBytes == 5));
        var loops = host.Services.GetRequiredService<EventLoops>();
        await Eventually.TrueAsync(() => loops.List().Sum(static loop => loop.Connections) <= 1); // they know the end of one last
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

    private sealed class FixedEngine(EngineStatus status) : IEngine
    {
        public EngineStatus Status => status;
    }
}
