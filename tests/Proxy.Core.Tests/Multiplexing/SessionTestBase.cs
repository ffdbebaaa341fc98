using System.Text;
using Microsoft.AspNetCore.Connections;

namespace Proxy.Core.Tests.Multiplexing;

/// <summary>A device, a multiplexer in front of it, and time that stands.</summary>
public abstract class SessionTestBase : IAsyncLifetime
{
    private readonly List<IAsyncDisposable> _open = [];
    private readonly List<MultiplexPeer> _clients = [];
    private protected static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(200);

    private protected ManualTime Time { get; } = new();

    private protected Device Device { get; set; } = null!;

    private protected Multiplexer Multiplexer { get; private set; } = null!;

    public virtual Task InitializeAsync()
    {
        Device = Add(new Device());
        return Task.CompletedTask;
    }

    public async Task DisposeAsync()
    {
        _clients.ForEach(static client => client.Dispose());
        if (Multiplexer is not null)
        {
            await Multiplexer.DisposeAsync();
        }

        foreach (var open in _open)
        {
            await open.DisposeAsync();
        }
    }

    private protected T Add<T>(T open)
        where T : IAsyncDisposable
    {
        _open.Add(open);
        return open;
    }

    private protected void Create(
        string transport,
        Func<IConnectionFactory, IConnectionFactory>? dials = null,
        Action<TcpProxyBuilder>? add = null
    ) => Multiplexer = new Multiplexer(transport, Time, dials, add: add);

    private protected Task StartAsync(string transport, string cluster, string route = "", string more = "")
    {
        Create(transport);
        return Multiplexer.StartAsync(Device.Port, cluster, route, more);
    }

    private protected Task StartAsync(string transport, string cluster, string route, LogLines log)
    {
        Multiplexer = new Multiplexer(transport, Time, log: log);
        return Multiplexer.StartAsync(Device.Port, cluster, route);
    }

    private protected Task EditAsync(string cluster, string route = "", string more = "") =>
        Multiplexer.EditAsync(Multiplexer.Json(Device.Port, cluster, route, more));

    private protected Task QueuedAsync(int requests) => Eventually.TrueAsync(() => Multiplexer.Status.Queued == requests);

    /// <summary>
    /// Waits until the device has so many messages and the proxy knows that they are sent: to time that moves before that, the send is stuck, and a
    /// connection whose send is stuck is renewed.
    /// </summary>
    private protected async Task SentAsync(int messages)
    {
        await Device.SeenAsync(messages);
        await Eventually.TrueAsync(() => Multiplexer.Status.Upstreams.All(static connection => !connection.IsWriting));
    }

    /// <summary>Waits until a client's replies count as sent: it may read the bytes before the proxy's call that sent them has returned.</summary>
    private protected Task DeliveredAsync(long bytes) =>
        Eventually.TrueAsync(() => Multiplexer.Tracker.Open.Any(record => record.UpstreamBytes == bytes));

    private protected Task OpenAsync(int connections) => Eventually.TrueAsync(() => Device.Connections.Open == connections);

    /// <summary>Two clients of a device that holds its answers back: the request of one is under way, and that of the other waits.</summary>
    private protected async Task<(MultiplexPeer InFlight, MultiplexPeer Waiting)> AskBothAsync(byte[] first, byte[] second)
    {
        var seen = Device.Messages.Count;
        _clients.AddRange([await Multiplexer.ConnectAsync(), await Multiplexer.ConnectAsync()]);
        var (inFlight, waiting) = (_clients[^2], _clients[^1]);
        await inFlight.SendAsync(first);
        await SentAsync(seen + 1);
        await waiting.SendAsync(second);
        await QueuedAsync(1);
        return (inFlight, waiting);
    }

    private protected Task<(MultiplexPeer InFlight, MultiplexPeer Waiting)> AskBothAsync(string first, string second) =>
        AskBothAsync(Encoding.ASCII.GetBytes(first + "\n"), Encoding.ASCII.GetBytes(second + "\n"));

    /// <summary>Lets an answer wait until the test gives it free.</summary>
    private protected SemaphoreSlim Gate()
    {
        var gate = new SemaphoreSlim(0);
        var answer = Device.OnMessage;
        Device.OnMessage = async (message, peer) =>
        {
            await gate.WaitAsync(Eventually.Limit);
            await answer(message, peer);
        };
        return gate;
    }
}
