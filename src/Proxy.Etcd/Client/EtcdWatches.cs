using Microsoft.Extensions.Logging;
using Proxy.Configuration.Reading;
using Proxy.Timing;

namespace Proxy.Etcd.Client;

/// <summary>All watches of this process, over one stream, which is opened again for ever. Thread-safe.</summary>
/// <param name="link">The connection.</param>
/// <param name="random">Spreads pauses.</param>
/// <param name="logger">Gets what goes wrong.</param>
internal sealed partial class EtcdWatches(EtcdLink link, Random random, ILogger logger) : IAsyncDisposable
{
    private readonly Lock _gate = new(); // guards both below
    private readonly HashSet<WatchFeed> _feeds = [];
    private readonly Signal _changed = new();
    private readonly CancellationTokenSource _stop = new();
    private Task? _running;

    /// <summary>Begins to send changes to a feed.</summary>
    public void Attach(WatchFeed feed)
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_stop.IsCancellationRequested, this);
            _feeds.Add(feed);
            _running ??= Task.Run(RunAsync);
        }

        _changed.Set();
    }

    /// <summary>Ends that.</summary>
    public void Detach(WatchFeed feed)
    {
        lock (_gate)
        {
            _feeds.Remove(feed);
        }

        _changed.Set();
    }

    /// <summary>Closes the stream.</summary>
    public async ValueTask DisposeAsync()
    {
        Task? running;
        lock (_gate)
        {
            if (_stop.IsCancellationRequested)
            {
                return;
            }

            running = _running;
            _ = _stop.CancelAsync();
        }

        await (running ?? Task.CompletedTask);
        _stop.Dispose();
    }

    private List<WatchFeed> Feeds()
    {
        lock (_gate)
        {
            return [.. _feeds];
        }
    }

    private async Task RunAsync()
    {
        var backoff = new Backoff(link.Time, EtcdPauses.First, EtcdPauses.Longest, random);
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                await StreamAsync(backoff);
            }
            catch (Exception) when (_stop.IsCancellationRequested)
            {
                return; // it was told to, for which gRPC has an exception of its own
            }
            catch (Exception exception)
            {
                Log.Unexpected(logger, exception);
                Tell($"The watch failed unexpectedly: {Printable.Shorten(exception.Message).TrimEnd('.')}.");
                await Task.Delay(EtcdPauses.Longest, link.Time, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    // One stream, and the pause after it.
    private async Task StreamAsync(Backoff backoff)
    {
        var stream = new WatchStream(link, Feeds, _changed);
        var failure = await stream.RunAsync(_stop.Token);
        if (stream.WasHeard)
        {
            backoff.Reset();
        }

        // A stream that breaks is opened at the next member, and nothing is missed: that alone is not worth telling.
        if (backoff.HasFailed || failure.Fault is EtcdFault.Silent)
        {
            Tell(failure.Message);
        }

        if (!backoff.HasFailed)
        {
            Log.Broken(logger, failure.Message);
        }

        await Task.Delay(backoff.Fail(), link.Time, _stop.Token);
        link.Health.Reconnecting();
    }

    private void Tell(string problem)
    {
        foreach (var feed in Feeds())
        {
            feed.Stale(problem);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "The watch of the engine has ended, and is opened again until it can be: {Reason}")]
        public static partial void Broken(ILogger logger, string reason);

        [LoggerMessage(LogLevel.Error, "The watch of the engine failed unexpectedly, which is an error of the proxy; it is opened again.")]
        public static partial void Unexpected(ILogger logger, Exception exception);
    }
}
