using System.Collections.Concurrent;
using Microsoft.AspNetCore.Connections;
using Proxy.Diagnostics;
using Proxy.Locking;

namespace Proxy.Core.Tests.Locking;

/// <summary>A service behind a lock, without sockets: it serves a client until a test ends that.</summary>
internal sealed class TestService : ILockedService
{
    /// <summary>Whom it serves, by connection id, in the order in which they came.</summary>
    public ConcurrentDictionary<string, TaskCompletionSource> Clients { get; } = new();

    public ConcurrentQueue<string> Came { get; } = new();

    public int Serving { get; private set; }

    public int MostServed { get; private set; }

    /// <summary>How many picked destinations were given back.</summary>
    public int GivenBack { get; private set; }

    public bool IsDown { get; set; }

    /// <summary>How clients end while it is down.</summary>
    public ConnectionOutcome WhenDown { get; set; } = ConnectionOutcome.ConnectFailed;

    public bool HasNone { get; set; }

    /// <summary>Whether it neither refuses a client nor lets it in, until a test ends that.</summary>
    public bool Hangs { get; set; }

    public LockedDestination? Pick(ConnectionRecord client, out ConnectionOutcome failure)
    {
        failure = ConnectionOutcome.NoDestination;
        return HasNone ? null : new Destination(this);
    }

    private void Count(int change)
    {
        lock (Came)
        {
            Serving += change;
            MostServed = Math.Max(MostServed, Serving);
        }
    }

    /// <summary>Ends the connection of a client, at once when it comes if it has not come yet.</summary>
    public void End(string client) =>
        Clients.GetOrAdd(client, static _ => new(TaskCreationOptions.RunContinuationsAsynchronously)).SetResult();

    private sealed class Destination(TestService service) : LockedDestination("a", null)
    {
        public override async Task ForwardAsync(ConnectionContext client, Action connected)
        {
            var record = ConnectionRecord.Of(client);
            if (service.IsDown)
            {
                record.Close(service.WhenDown);
                return;
            }

            var end = service.Clients.GetOrAdd(record.Id, static _ => new(TaskCreationOptions.RunContinuationsAsynchronously));
            if (service.Hangs)
            {
                await end.Task;
                return;
            }

            service.Count(1);
            connected();
            service.Came.Enqueue(record.Id);
            await end.Task;
            service.Count(-1);
            record.TryEnd(ConnectionOutcome.Completed);
        }

        public override void Dispose()
        {
            lock (service.Came)
            {
                service.GivenBack++;
            }
        }
    }
}
