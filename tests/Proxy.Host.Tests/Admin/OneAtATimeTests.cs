using Microsoft.AspNetCore.Http;
using Proxy.Host.Admin;

namespace Proxy.Host.Tests.Admin;

/// <summary>Which request has the turn, and for how long.</summary>
public sealed class OneAtATimeTests : IDisposable
{
    private readonly SemaphoreSlim _turn = new(1);
    private readonly ManualResetEventSlim _done = new();
    private readonly CancellationTokenSource _left = new();

    [Fact]
    public async Task RunAsync_ClientLeaves_IsCancelledAndTheWorkKeepsTheTurn()
    {
        var running = RunAsync(Eventually.Limit, Block);
        await Eventually.TrueAsync(() => _turn.CurrentCount == 0);

        await _left.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
        Assert.Equal(0, _turn.CurrentCount);
        _done.Set();
        await Eventually.TrueAsync(() => _turn.CurrentCount == 1);
    }

    [Fact]
    public async Task RunAsync_WorkTakesTooLong_Is503AndTheWorkKeepsTheTurn()
    {
        var refused = await Assert.ThrowsAsync<BadHttpRequestException>(() => RunAsync(TimeSpan.FromMilliseconds(1), Block));

        Assert.Equal((StatusCodes.Status503ServiceUnavailable, 0), (refused.StatusCode, _turn.CurrentCount));
        _done.Set();
        await Eventually.TrueAsync(() => _turn.CurrentCount == 1);
    }

    [Fact]
    public async Task RunAsync_TurnIsTaken_ReadsNothing()
    {
        await _turn.WaitAsync();
        var read = false;

        var refused = await Assert.ThrowsAsync<BadHttpRequestException>(() =>
            OneAtATime.RunAsync(
                _turn,
                TimeSpan.FromMilliseconds(1),
                TimeProvider.System,
                () => Task.FromResult(read = true),
                static input => input,
                _left.Token
            )
        );

        Assert.Equal((StatusCodes.Status503ServiceUnavailable, false), (refused.StatusCode, read));
    }

    [Fact]
    public async Task RunAsync_ReadingOrWorkFails_TheTurnIsReleased()
    {
        await Assert.ThrowsAsync<IOException>(() =>
            OneAtATime.RunAsync(
                _turn,
                Eventually.Limit,
                TimeProvider.System,
                static () => Task.FromException<int>(new IOException()),
                static input => input,
                _left.Token
            )
        );
        await Assert.ThrowsAsync<IOException>(() => RunAsync(Eventually.Limit, static _ => throw new IOException()));

        Assert.Equal(1, _turn.CurrentCount);
    }

    public void Dispose()
    {
        _done.Set();
        _done.Dispose();
        _turn.Dispose();
        _left.Dispose();
    }

    private int Block(int input)
    {
        _done.Wait();
        return input;
    }

    private Task<int> RunAsync(TimeSpan limit, Func<int, int> work) =>
        OneAtATime.RunAsync(_turn, limit, TimeProvider.System, static () => Task.FromResult(1), work, _left.Token);
}
