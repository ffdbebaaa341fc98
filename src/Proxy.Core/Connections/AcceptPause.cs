using Microsoft.Extensions.Logging;
using Proxy.Timing;

namespace Proxy.Connections;

/// <summary>The pauses of a loop that accepts: usually descriptors or memory have run out, so it waits until some are free.</summary>
internal sealed partial class AcceptPause(string endpoint, TimeProvider time, ILogger logger)
{
    /// <summary>The first pause, 5 ms; each one after it is twice as long, up to 1 s.</summary>
    public static readonly TimeSpan First = TimeSpan.FromMilliseconds(5);

    private static readonly TimeSpan _longest = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan _quiet = TimeSpan.FromSeconds(10);

    private long? _logged;
    private readonly Backoff _backoff = new(time, First, _longest);

    /// <summary>The next pause is the first again.</summary>
    public void Reset() => _backoff.Reset();

    /// <summary>Pauses after a failure, and logs at most one failure in 10 s. It never fails.</summary>
    /// <param name="reason">Why nothing could be accepted.</param>
    /// <param name="cancellationToken">Ends the pause.</param>
    public async Task FailAsync(string reason, CancellationToken cancellationToken = default)
    {
        try
        {
            var pause = _backoff.Fail();
            var waiting = Task.Delay(pause, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (_logged is not { } logged || time.GetElapsedTime(logged) >= _quiet)
            {
                _logged = time.GetTimestamp();
                Report(pause, reason);
            }

            await waiting;
        }
        catch (OutOfMemoryException)
        {
            Thread.Sleep(First); // there is no memory for a timer either; accepting goes on after that
        }
    }

    // A logger that fails, for want of memory as a rule, must not end the pause.
    private void Report(TimeSpan pause, string reason)
    {
        try
        {
            Log.AcceptFailed(logger, endpoint, pause.TotalMilliseconds, reason);
        }
        catch (Exception)
        {
            _logged = null; // the next failure is logged instead
        }
    }

    /// <summary>Pauses after a failure for want of memory. It allocates nothing: neither a line of the log nor a timer.</summary>
    public static void Hold() => Thread.Sleep(First);

    private static partial class Log
    {
        [LoggerMessage(
            LogLevel.Warning,
            "Endpoint {Endpoint}: accepting failed and pauses for {Milliseconds} ms, while new clients wait: {Reason}."
        )]
        public static partial void AcceptFailed(ILogger logger, string endpoint, double milliseconds, string reason);
    }
}
