using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Proxy.Diagnostics;

namespace Proxy.Conditions.Rules;

/// <summary>
/// Adds a sample to the history every two seconds, and reads the conditions of resources, so that the time at which one came near its bound is known even
/// without a request for it. It reads the files of certificates, too, so that no request for conditions waits for a disk.
/// </summary>
internal sealed partial class HistorySampler(
    TrafficHistory history,
    ResourceConditions resources,
    CertificateConditions certificates,
    TimeProvider time,
    ILogger<HistorySampler> logger
) : IHostedService, IAsyncDisposable
{
    private ITimer? _timer;
    private int _isSampling;
    private bool _isLogged; // used only while sampling

    /// <inheritdoc />
    public Task StartAsync(CancellationToken cancellationToken)
    {
        _timer = time.CreateTimer(static self => ((HistorySampler)self!).Sample(), this, TimeSpan.Zero, TrafficHistory.Interval);
        return Task.CompletedTask;
    }

    /// <inheritdoc />
    public async Task StopAsync(CancellationToken cancellationToken) => await DisposeAsync();

    /// <inheritdoc />
    public ValueTask DisposeAsync() => _timer?.DisposeAsync() ?? ValueTask.CompletedTask;

    // On a busy machine the timer may fire again before a sample is done.
    private void Sample()
    {
        if (Interlocked.Exchange(ref _isSampling, 1) != 0)
        {
            return;
        }

        try
        {
            Try(history.Sample);
            Try(certificates.Sample);
            Try(() =>
            {
                foreach (var _ in resources.Read())
                {
                    // Reading notes the time.
                }
            });
        }
        finally
        {
            Volatile.Write(ref _isSampling, 0);
        }
    }

    // An exception of a timer would end the process. What fails now probably fails every time, so it is logged once.
    private void Try(Action sample)
    {
        try
        {
            sample();
        }
        catch (Exception exception)
        {
            if (!_isLogged)
            {
                _isLogged = true;
                Log.Failed(logger, exception);
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(
            LogLevel.Error,
            "A sample of the last minutes could not be taken and is missing in the history; further failures are not logged."
        )]
        public static partial void Failed(ILogger logger, Exception exception);
    }
}
