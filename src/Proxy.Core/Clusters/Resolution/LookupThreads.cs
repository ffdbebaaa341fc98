using System.Net;

namespace Proxy.Clusters.Resolution;

/// <summary>
/// Resolves names on a few threads of its own. The system's resolver blocks its thread, for many seconds if DNS does not answer; on the
/// thread pool, as many such lookups as there are threads would stop every connection. Names whose last lookup took long never have all
/// threads, so that names of a zone whose servers hang do not keep those of others waiting.
/// </summary>
/// <param name="lookup">Resolves a name; may block.</param>
/// <param name="time">The clock by which a lookup is slow.</param>
internal sealed class LookupThreads(Func<string, IPAddress[]> lookup, TimeProvider time)
{
    /// <summary>The maximum number of threads. They end when no lookup waits.</summary>
    public const int Limit = 32;

    /// <summary>How many of them slow names may have.</summary>
    public const int SlowLimit = 24;

    private const int MostSlowNames = 10_000;

    /// <summary>How long the lookup of a name may take that does not count as slow.</summary>
    private static readonly TimeSpan _quick = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new(); // guards all fields
    private readonly Queue<Waiting> _waiting = new();
    private readonly Queue<Waiting> _slow = new();
    private readonly HashSet<string> _slowNames = new(StringComparer.OrdinalIgnoreCase);
    private int _threads;
    private int _slowThreads;

    /// <summary>Resolves a name when a thread is free for it, in the order of the calls.</summary>
    /// <param name="host">The name.</param>
    /// <returns>Its addresses. The lookup cannot be cancelled, since the system's resolver cannot be interrupted.</returns>
    public Task<IPAddress[]> LookUpAsync(string host)
    {
        var result = new TaskCompletionSource<IPAddress[]>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_gate)
        {
            var isSlow = _slowNames.Contains(host);
            (isSlow ? _slow : _waiting).Enqueue(new(host, result, isSlow));
            if (_threads < Limit && (!isSlow || _slowThreads < SlowLimit))
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
        Waiting? done = null;
        while (Next(done) is { } next)
        {
            var started = time.GetTimestamp();
            try
            {
                var found = lookup(next.Host);
                Learn(next.Host, started);
                next.Result.SetResult(found);
            }
            catch (Exception exception)
            {
                Learn(next.Host, started);
                next.Result.SetException(exception);
            }

            done = next;
        }
    }

    private Waiting? Next(Waiting? done)
    {
        lock (_gate)
        {
            _slowThreads -= done is { IsSlow: true } ? 1 : 0;
            if (_waiting.TryDequeue(out var next))
            {
                return next;
            }

            if (_slowThreads < SlowLimit && _slow.TryDequeue(out next))
            {
                _slowThreads++;
                return next;
            }

            _threads--;
            return null;
        }
    }

    private void Learn(string host, long started)
    {
        var isSlow = time.GetElapsedTime(started) > _quick;
        lock (_gate)
        {
            if (isSlow && _slowNames.Count < MostSlowNames)
            {
                _slowNames.Add(host);
            }
            else if (!isSlow)
            {
                _slowNames.Remove(host);
            }
        }
    }

    private sealed record Waiting(string Host, TaskCompletionSource<IPAddress[]> Result, bool IsSlow);
}
