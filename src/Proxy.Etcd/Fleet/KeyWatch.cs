using Microsoft.Extensions.Logging;
using Proxy.Etcd.Client;
using Proxy.Timing;

namespace Proxy.Etcd.Fleet;

/// <summary>Follows the keys under a prefix until it is cancelled, also past a refusal or an error of this program.</summary>
internal static partial class KeyWatch
{
    private static readonly TimeSpan _first = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan _longest = TimeSpan.FromSeconds(10);

    /// <param name="store">The engine.</param>
    /// <param name="prefix">The beginning of the keys.</param>
    /// <param name="apply">Gets each update; a failure of the watch as <see cref="KeyUpdate.Stale"/>.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">Gets unexpected failures.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public static async Task FollowAsync(
        IKeyStore store,
        string prefix,
        Action<KeyUpdate> apply,
        TimeProvider time,
        ILogger logger,
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
                    apply(update);
                    pause.Reset();
                }
            }
            catch (EngineException exception)
            {
                apply(new KeyUpdate.Stale(exception.Message));
            }
            catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
            {
                // What was applied by half is repaired by the whole state, with which the next watch begins.
                Log.Failed(logger, prefix, exception);
                apply(new KeyUpdate.Stale("Following it has failed, and is tried again."));
            }

            await Task.Delay(pause.Fail(), time, cancellationToken);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Error, "Fleet: following {Prefix} has failed, and begins again. Please report this error.")]
        public static partial void Failed(ILogger logger, string prefix, Exception exception);
    }
}
