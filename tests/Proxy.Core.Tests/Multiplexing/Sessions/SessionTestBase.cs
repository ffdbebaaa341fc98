namespace Proxy.Core.Tests.Multiplexing.Sessions;

/// <summary>A device, a multiplexer in front of it, and time that stands.</summary>
public abstract class SessionTestBase : IAsyncLifetime
{
    private readonly List<IAsyncDisposable> _open = [];
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

    private protected void Create(string transport) => Multiplexer = new Multiplexer(transport, Time);

    private protected Task StartAsync(string transport, string cluster, string route = "", string more = "")
    {
        Create(transport);
        return Multiplexer.StartAsync(Device.Port, cluster, route, more);
    }

    private protected Task EditAsync(string cluster, string route = "", string more = "") =>
        Multiplexer.EditAsync(Multiplexer.Json(Device.Port, cluster, route, more));

    private protected Task QueuedAsync(int requests) => Eventually.TrueAsync(() => Multiplexer.Status.Queued == requests);

    private protected Task OpenAsync(int connections) => Eventually.TrueAsync(() => Device.Connections.Open == connections);

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
