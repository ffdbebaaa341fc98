using System.Net;

namespace Proxy.Clusters.Resolution;

/// <summary>
/// Resolves names on a few threads of its own. The system's resolver blocks its thread, for many seconds if DNS does not answer; on the
/// thread pool, as many such lookups as there are threads would stop every connection.
/// </summary>
/// <param name="lookup">Resolves a name; may block.</param>
internal sealed class LookupThreads(Func<string, IPAddress[]> lookup)
{
    /// <summary>The maximum number of threads. They end when no lookup waits.</summary>
    public const int Limit = 4;

    private readonly Lock _gate = new(); // guards all fields
    private readonly Queue<(string Host, TaskCompletionSource<IPAddress[]> Result)> _waiting = new();
    private int _threads;

    /// <summary>Resolves a name when a thread is free, in the order of the calls.</summary>
    /// <param name="host">The name.</param>
    /// <returns>Its addresses. The lookup cannot be cancelled, since the system's resolver cannot be interrupted.</returns>
    public Task<IPAddress[]> LookUpAsync(string host)
    {
        var result = new TaskCompletionSource<IPAddress[]>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_gate)
        {
            _waiting.Enqueue((host, result));
            if (_threads < Limit)
            {
                // Under the lock, so that a thread which cannot be started is not counted.
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
