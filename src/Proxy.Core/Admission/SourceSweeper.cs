using Microsoft.Extensions.Hosting;

namespace Proxy.Admission;

/// <summary>
/// Forgets the sources that have been idle, every few seconds: after a flood from many sources perhaps no client comes that would have room made for it.
/// </summary>
internal sealed class SourceSweeper(Limiters limiters, TimeProvider time) : IHostedService, IAsyncDisposable
{
    internal static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    private ITimer? _timer;

    /// <inheritdoc />
    public Task StartAsync(CancellationToken cancellationToken)
    {
        _timer = time.CreateTimer(static self => ((SourceSweeper)self!).Sweep(), this, Interval, Interval);
        return Task.CompletedTask;
    }

    /// <inheritdoc />
    public async Task StopAsync(CancellationToken cancellationToken) => await DisposeAsync();

    /// <inheritdoc />
    public ValueTask DisposeAsync() => _timer?.DisposeAsync() ?? ValueTask.CompletedTask;

    // In short steps, since clients wait for each of them.
    private void Sweep()
    {
        foreach (var route in limiters.Routes)
        {
            while (route.ForgetIdle()) { }
        }
    }
}
