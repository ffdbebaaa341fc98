using System.Net;

namespace Proxy.Clusters.Resolution;

/// <summary>
/// Looks names up on few threads of its own. The system's resolver blocks its thread, for many seconds when DNS does not answer;
/// on the pool's threads, as many such names as there are threads would stop every connection.
/// </summary>
/// <param name="lookup">Resolves a name, blocking.</param>
internal sealed class LookupThreads(Func<string, IPAddress[]> lookup)
{
    /// <summary>Threads at most. They end when nothing waits.</summary>
    public const int Limit = 4;

    private readonly Lock _gate = new(); // guards all fields
    private readonly Queue<(string Host, TaskCompletionSource<IPAddress[]> Result)> _waiting = new();
    private int _threads;

    /// <summary>Looks a name up when a thread is free, in the order of the calls.</summary>
    /// <param name="host">The name.</param>
    /// <returns>Its addresses. A lookup cannot be cancelled: the system's resolver does not let itself be interrupted.</returns>
    public Task<IPAddress[]> LookUpAsync(string host)
    {
        var result = new TaskCompletionSource<IPAddress[]>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_gate)
        {
            _waiting.Enqueue((host, result));
            if (_threads < Limit)
            {
                // Under the lock, so that a thread that cannot be started is not counted.
                new Thread(Work) { IsBackground = true, Name = "Name lookup" }.Start();
                _threads++;
            }
        }

        return result.Task;
    }

    private void Work()
    {
        while (Next() is var (host, result))
        {
            try
            {
                result.SetResult(lookup(host));
            }
            catch (Exception exception)
            {
                result.SetException(exception);
            }
        }
    }

    private (string Host, TaskCompletionSource<IPAddress[]> Result)? Next()
    {
        lock (_gate)
        {
            if (_waiting.TryDequeue(out var next))
            {
                return next;
            }

            _threads--;
            return null;
        }
    }
}
