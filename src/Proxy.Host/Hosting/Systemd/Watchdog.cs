namespace Proxy.Host.Hosting.Systemd;

/// <summary>
/// Says that the service lives, and only while it does: each time the threads that carry connections have answered. A thread of its
/// own asks them, because a timer would need the pool that may be the one that hangs.
/// </summary>
internal sealed partial class Watchdog : IDisposable
{
    private readonly Func<Task> _ask;
    private readonly Action _alive;
    private readonly TimeSpan _period;
    private readonly ILogger _logger;
    private readonly ManualResetEvent _stopping = new(false);
    private readonly Thread _thread;

    /// <param name="limit">How long the service may be silent; it speaks twice as often.</param>
    /// <param name="ask">Completes when all that has to live has answered.</param>
    /// <param name="alive">Says so.</param>
    /// <param name="logger">Told what does not answer.</param>
    public Watchdog(TimeSpan limit, Func<Task> ask, Action alive, ILogger<Watchdog> logger)
    {
        _ask = ask;
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
            var answer = (IAsyncResult)_ask();
            while (!answer.IsCompleted && WaitHandle.WaitAny([answer.AsyncWaitHandle, _stopping], _period) == WaitHandle.WaitTimeout)
            {
                Log.Silent(_logger, _period);
            }

            if (answer.IsCompleted)
            {
                _alive();
            }
        } while (!_stopping.WaitOne(_period));
    }

    private static partial class Log
    {
        [LoggerMessage(
            LogLevel.Error,
            "An event loop or the thread pool has not answered for {Period}; systemd is told nothing until it does, and may end this process."
        )]
        public static partial void Silent(ILogger logger, TimeSpan period);
    }
}
