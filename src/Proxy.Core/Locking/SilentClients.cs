namespace Proxy.Locking;

/// <summary>The clients of a lock that have sent nothing yet. Thread-safe.</summary>
internal sealed class SilentClients
{
    private readonly Lock _gate = new(); // guards _clients
    private readonly HashSet<SilentClient> _clients = [];

    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _clients.Count;
            }
        }
    }

    public void Add(SilentClient client)
    {
        lock (_gate)
        {
            _clients.Add(client);
        }
    }

    public void Remove(SilentClient client)
    {
        lock (_gate)
        {
            _clients.Remove(client);
        }
    }

    /// <summary>Makes all of them look at the settings of the lock again.</summary>
    public void WakeAll()
    {
        List<SilentClient> all;
        lock (_gate)
        {
            all = [.. _clients];
        }

        all.ForEach(static client => client.Wake());
    }
}
