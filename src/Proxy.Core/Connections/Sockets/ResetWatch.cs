namespace Proxy.Connections.Sockets;

/// <summary>Cancels a source when a peer resets its connection.</summary>
internal sealed class ResetWatch : IAsyncDisposable
{
    private readonly CancellationTokenSource _ended = new();
    private readonly Task _watching;

    public ResetWatch(TcpConnection connection, CancellationTokenSource source) => _watching = WatchAsync(connection, source);

    public async ValueTask DisposeAsync()
    {
        await _ended.CancelAsync();
        await _watching.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _ended.Dispose();
    }

    private async Task WatchAsync(TcpConnection connection, CancellationTokenSource source)
    {
        if (await connection.WaitForDepartureAsync(ignoreClose: true, _ended.Token) is not null)
        {
            await source.CancelAsync();
        }
    }
}
