namespace Proxy.Host.Hosting.Systemd;

/// <summary>
/// Resets the watchdog of systemd each time the threads that serve connections have responded to a check. The check runs on a thread of
/// its own, because a timer runs on the thread pool, which may be what hangs.
/// </summary>
internal sealed partial class Watchdog : IDisposable
{
    private readonly Func<Task> _check;
    private readonly Action _alive;
    private readonly TimeSpan _period;
    private readonly ILogger _logger;
    private readonly ManualResetEvent _stopping = new(false);
    private readonly Thread _thread;

    /// <param name="limit">The watchdog time of systemd. The check runs twice in this time.</param>
    /// <param name="check">Completes when all event loops and the thread pool have responded.</param>
    /// <param name="alive">Called after each completed check; resets the watchdog.</param>
    /// <param name="logger">Logs when a check does not complete in time.</param>
    public Watchdog(TimeSpan limit, Func<Task> check, Action alive, ILogger<Watchdog> logger)
    {
        _check = check;
        _alive = alive;
        _period = limit / 2;
        _logger = logger;
        _thread = new Thread(Run) { IsBackground = true, Name = "proxy-watchdog" };
        _thread.Start();
    }

    public void Dispose()
    {
        _stopping.Set();
        _thread.Join();
        _stopping.Dispose();
    }

    private void Run()
    {
        do
        {
            var check = (IAsyncResult)_check();
            while (!check.IsCompleted && WaitHandle.WaitAny([check.AsyncWaitHandle, _stopping], _period) == WaitHandle.WaitTimeout)
            {
                Log.Silent(_logger, _period);
            }

            if (check.IsCompleted)
            {
                _alive();
            }
        } while (!_stopping.WaitOne(_period));
    }

    private static partial class Log
    {
        [LoggerMessage(
            LogLevel.Error,
            "An event loop or the thread pool has not responded for {Period}. systemd may end this process, because its watchdog is not notified until both respond."
        )]
        public static partial void Silent(ILogger logger, TimeSpan period);
    }
}
