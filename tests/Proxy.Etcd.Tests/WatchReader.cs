using Proxy.Etcd.Client;

namespace Proxy.Etcd.Tests;

/// <summary>Reads the updates of a watch one after the other, each with a time limit, and keeps the keys as they make them.</summary>
internal sealed class WatchReader : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly List<string> _seen = [];
    private readonly IAsyncEnumerator<KeyUpdate> _updates;

    public WatchReader(IKeyStore store, string prefix) => _updates = store.WatchAsync(prefix, _stop.Token).GetAsyncEnumerator();

    /// <summary>The keys and values, as the updates so far have made them.</summary>
    public SortedDictionary<string, string> Keys { get; } = new(StringComparer.Ordinal);

    /// <summary>The next update.</summary>
    public async Task<KeyUpdate> NextAsync()
    {
        try
        {
            Assert.True(await _updates.MoveNextAsync().AsTask().WaitAsync(Eventually.Limit));
        }
        catch (TimeoutException)
        {
            Assert.Fail($"Nothing has come after {string.Join(", ", _seen)}.");
        }

        _seen.Add($"{_updates.Current}");
        Apply(_updates.Current);
        return _updates.Current;
    }

    /// <summary>Reads until an update of a type comes.</summary>
    public async Task<T> NextAsync<T>()
        where T : KeyUpdate
    {
        while (true)
        {
            if (await NextAsync() is T found)
            {
                return found;
            }
        }
    }

    /// <summary>Reads until the keys are as they should be.</summary>
    public async Task UntilAsync(Func<IReadOnlyDictionary<string, string>, bool> fact)
    {
        while (!fact(Keys))
        {
            await NextAsync();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        try
        {
            await _updates.DisposeAsync();
        }
        catch (NotSupportedException)
        {
            // A read is under way, which the token ends.
        }

        _stop.Dispose();
    }

    private void Apply(KeyUpdate update)
    {
        if (update is KeyUpdate.Full full)
        {
            Keys.Clear();
            foreach (var key in full.Keys)
            {
                Keys[key.Key] = key.Text();
            }
        }

        foreach (var change in (update as KeyUpdate.Changed)?.Changes ?? [])
        {
            if (change.Now is { } now)
            {
                Keys[change.Key] = now.Text();
            }
            else
            {
                Keys.Remove(change.Key);
            }
        }
    }
}
