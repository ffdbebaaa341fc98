using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Proxy.Tls.Certificates;

/// <summary>Reads the files of certificates and bundles again every five seconds, on a thread of the pool.</summary>
internal sealed partial class CertificateFollower(CertificateStore store, TimeProvider time, ILogger<CertificateFollower> logger)
    : IHostedService,
        IAsyncDisposable
{
    /// <summary>The time between two readings.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    private ITimer? _timer;
    private int _isReading;
    private int _isTold; // that the reading takes long

    /// <inheritdoc />
    public Task StartAsync(CancellationToken cancellationToken)
    {
        _timer = time.CreateTimer(static self => ((CertificateFollower)self!).Read(), this, Interval, Interval);
        return Task.CompletedTask;
    }

    /// <inheritdoc />
    public async Task StopAsync(CancellationToken cancellationToken) => await DisposeAsync();

    /// <inheritdoc />
    public ValueTask DisposeAsync() => _timer?.DisposeAsync() ?? ValueTask.CompletedTask;

    // A file on a disk that does not answer must not take more than one thread.
    private void Read()
    {
        if (Interlocked.Exchange(ref _isReading, 1) != 0)
        {
            if (store.Slow is { } slow && Interlocked.Exchange(ref _isTold, 1) == 0)
            {
                Log.Slow(logger, slow);
            }

            return;
        }

        try
        {
            store.Refresh();
        }
        catch (Exception exception)
        {
            Log.Failed(logger, exception); // an exception of a timer would end the process
        }
        finally
        {
            Volatile.Write(ref _isTold, 0);
            Volatile.Write(ref _isReading, 0);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Error, "The files of certificates could not be read again; it is tried again.")]
        public static partial void Failed(ILogger logger, Exception exception);

        [LoggerMessage(LogLevel.Error, "Certificates are not renewed, since a file cannot be read to its end: {Reason}.")]
        public static partial void Slow(ILogger logger, string reason);
    }
}
