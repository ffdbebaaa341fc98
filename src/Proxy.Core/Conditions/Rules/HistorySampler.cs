using Microsoft.Extensions.Hosting;
using Proxy.Diagnostics;

namespace Proxy.Conditions.Rules;

/// <summary>
/// Adds a sample to the history every two seconds, and reads the conditions of resources, so that the time at which one came near its bound is known even
/// if nobody looks.
/// </summary>
internal sealed class HistorySampler(
    TrafficHistory history,
    ResourceConditions resources,
    CertificateConditions certificates,
    TimeProvider time
) : IHostedService, IAsyncDisposable
{
    private ITimer? _timer;
    private int _isSampling;

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
            history.Sample();
            foreach (var _ in resources.Read().Concat(certificates.Read()))
            {
                // Reading notes the time.
            }
        }
        finally
        {
            Volatile.Write(ref _isSampling, 0);
        }
    }
}
