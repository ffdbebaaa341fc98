using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Proxy.Timing;

namespace Proxy.Etcd.Client;

/// <summary>
/// Keys of this process that have to exist for as long as it runs: each is under the lease of the process, and is written anew whenever the lease is new or something
/// else has removed it. A key that another process has overwritten is left to that one until it is set again or the lease is new. Thread-safe.
/// </summary>
/// <param name="store">The engine.</param>
/// <param name="time">The clock of pauses.</param>
/// <param name="random">Spreads pauses.</param>
/// <param name="logger">Gets what goes wrong.</param>
internal sealed class LeasedKeys(IKeyStore store, TimeProvider time, Random random, ILogger<LeasedKeys> logger) : IAsyncDisposable
{
    private readonly ConcurrentDictionary<string, LeasedKey> _keys = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource _stop = new();

    /// <summary>Writes a key, in the background and for as long as it takes; of several values for one key the newest wins.</summary>
    /// <param name="key">The whole key.</param>
    /// <param name="value">Its value, which must not change afterwards.</param>
    public void Set(string key, ReadOnlyMemory<byte> value)
    {
        ObjectDisposedException.ThrowIf(_stop.IsCancellationRequested, this);
        _keys.GetOrAdd(key, Begin).Set(value);
    }

    /// <summary>Removes a key, in the background and for as long as it takes; one that was never set is no error.</summary>
    /// <param name="key">The whole key.</param>
    public void Remove(string key)
    {
        if (_keys.TryGetValue(key, out var held))
        {
            held.Set(null);
        }
    }

    /// <summary>Waits until the engine has what was set and removed so far, or something newer.</summary>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>A task that completes then.</returns>
    public Task FlushAsync(CancellationToken cancellationToken) =>
        Task.WhenAll(_keys.Values.Select(static key => key.Written)).WaitAsync(cancellationToken);

    /// <summary>Stops writing. Keys that are set stay until the lease ends.</summary>
    /// <returns>A task that completes when nothing is under way.</returns>
    public async ValueTask DisposeAsync()
    {
        if (!_stop.IsCancellationRequested)
        {
            await _stop.CancelAsync();
            await Task.WhenAll(_keys.Values.Select(static key => key.Ended));
            _stop.Dispose();
        }
    }

    private LeasedKey Begin(string key) =>
        new(key, store, new Backoff(time, EtcdPauses.First, EtcdPauses.Longest, random), time, logger, _stop.Token);
}
