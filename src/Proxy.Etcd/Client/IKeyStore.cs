namespace Proxy.Etcd.Client;

/// <summary>
/// The keys of the engine. Each call has a deadline of its own and is not repeated once it may have been executed; a failure is an
/// <see cref="EngineException"/> that says whether it may have been.
/// </summary>
internal interface IKeyStore
{
    /// <summary>The lease of this process.</summary>
    IProcessLease Lease { get; }

    /// <summary>Whether this process has left the engine, as at its end: nothing comes of further calls.</summary>
    bool IsClosed => false;

    /// <summary>Reads one key, as the cluster has agreed on it (linearizable).</summary>
    /// <param name="key">The whole key.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The key; null if it does not exist.</returns>
    /// <exception cref="EngineException">The engine did not answer, or refused.</exception>
    Task<StoredKey?> GetAsync(string key, CancellationToken cancellationToken);

    /// <summary>Reads all keys under a prefix at one revision (linearizable).</summary>
    /// <param name="prefix">The beginning of the keys, with its slash.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The keys, in the order of their names, and the revision.</returns>
    /// <exception cref="EngineException">The engine did not answer, or refused.</exception>
    Task<KeyUpdate.Full> ListAsync(string prefix, CancellationToken cancellationToken);

    /// <summary>Makes changes, if conditions hold.</summary>
    /// <param name="transaction">The conditions and the changes.</param>
    /// <param name="cancellationToken">Ends the wait; the changes may be made all the same.</param>
    /// <returns>Whether they were made.</returns>
    /// <exception cref="EngineException">The engine did not answer, or refused.</exception>
    Task<KeyResult> CommitAsync(KeyTransaction transaction, CancellationToken cancellationToken);

    /// <summary>
    /// Follows the keys under a prefix for ever: all keys first, then each change in the order of revisions, none left out and none twice. It goes on over
    /// lost connections, changes of the leader and compaction; an engine that cannot be reached at the beginning is <see cref="KeyUpdate.Stale"/>.
    /// </summary>
    /// <param name="prefix">The beginning of the keys, with its slash.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>The updates. A reader that is too slow for the bound of waiting changes gets all keys again.</returns>
    IAsyncEnumerable<KeyUpdate> WatchAsync(string prefix, CancellationToken cancellationToken);
}
