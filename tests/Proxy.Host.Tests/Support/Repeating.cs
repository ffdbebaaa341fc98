namespace Proxy.Host.Tests.Support;

/// <summary>
/// Does something again and again until it is disposed. A condition of the last minute stays true meanwhile, however long it takes to look at it.
/// </summary>
internal sealed class Repeating : IAsyncDisposable
{
    private static readonly TimeSpan _pause = TimeSpan.FromMilliseconds(50);

    private readonly CancellationTokenSource _end = new();
    private readonly Task _running;

    public Repeating(Func<Task> action) => _running = RunAsync(action);

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        await _running;
        _end.Dispose();
    }

    private async Task RunAsync(Func<Task> action)
    {
        while (!_end.IsCancellationRequested)
        {
            await action();
            await Task.Delay(_pause, TimeProvider.System, _end.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
