using Proxy.Etcd.Client;
using Proxy.Timing;

namespace Proxy.Etcd.Fleet;

/// <summary>Follows the keys under a prefix until it is cancelled, also past a refusal.</summary>
internal static class KeyWatch
{
    private static readonly TimeSpan _first = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan _longest = TimeSpan.FromSeconds(10);

    /// <param name="store">The engine.</param>
    /// <param name="prefix">The beginning of the keys.</param>
    /// <param name="apply">Gets each update; a failure of the watch as <see cref="KeyUpdate.Stale"/>.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public static async Task FollowAsync(
        IKeyStore store,
        string prefix,
        Action<KeyUpdate> apply,
        TimeProvider time,
        CancellationToken cancellationToken
    )
    {
        var pause = new Backoff(time, _first, _longest);
        while (true)
        {
            try
            {
                await foreach (var update in store.WatchAsync(prefix, cancellationToken))
                {
                    pause.Reset();
                    apply(update);
                }
            }
            catch (EngineException exception)
            {
                apply(new KeyUpdate.Stale(exception.Message));
            }

            await Task.Delay(pause.Fail(), time, cancellationToken);
        }
    }
}
