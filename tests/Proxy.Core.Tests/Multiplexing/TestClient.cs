using System.IO.Pipelines;
using Microsoft.Extensions.Logging.Abstractions;
using Proxy.Clusters.LoadBalancing;
using Proxy.Connections;
using Proxy.Diagnostics;
using Proxy.Multiplexing;
using Proxy.Timing;

namespace Proxy.Core.Tests.Multiplexing;

/// <summary>A client of a session that never dials, and what the client is sent.</summary>
internal sealed class TestClient : IAsyncDisposable
{
    private readonly DeadlineClock _clock = new(TimeProvider.System);
    private readonly Pipe _toClient = new(
        new PipeOptions(pauseWriterThreshold: 1, resumeWriterThreshold: 1, useSynchronizationContext: false)
    );
    private readonly MultiplexSession _session;

    public TestClient()
    {
        Connection.Transport = new Duplex(new Pipe().Reader, _toClient.Writer);
        Record = new ConnectionRecord(Connection, "endpoint", "", TimeProvider.System);
        Record.Attach();
        var trace = new MessageTrace(NullLogger<MessageTrace>.Instance, TimeProvider.System);
        var services = new MultiplexDependencies(null!, null!, trace, _clock, TimeProvider.System, Random.Shared);
        var route = new MultiplexRoute(null!, new Dictionary<string, MultiplexCluster>(), Device.Line, new(), new(), KeepAlive.Default);
        Client = new MultiplexClient(Connection, Device.Line, route, new(new(), _clock.Now), null!, services);
        _session = new MultiplexSession(
            new("c", "d", "tcp://127.0.0.1:1"),
            new(new(), Device.Line),
            new(null!, null!, null!, _clock, TimeProvider.System, new(long.MaxValue / 4)),
            static _ => { }
        );
    }

    public FakeConnection Connection { get; } = new();

    public ConnectionRecord Record { get; }

    public MultiplexClient Client { get; }

    /// <summary>What the client has not read yet.</summary>
    public PipeReader Sent => _toClient.Reader;

    public RequestLane CreateLane() => new(Client, _session, new RequestTranslator(Device.Line, Device.Line, null), new DestinationLoad());

    public async ValueTask DisposeAsync()
    {
        await Connection.DisposeAsync();
        _clock.Dispose();
    }

    private sealed record Duplex(PipeReader Input, PipeWriter Output) : IDuplexPipe;
}
