using Proxy.Timing;

namespace Proxy.Core.Tests.Timing;

public sealed class SignalTests
{
    private static readonly TimeSpan _limit = TimeSpan.FromSeconds(5);

    private readonly Signal _signal = new();
    private readonly ManualTime _time = new();

    [Fact]
    public async Task WaitAsync_SetTwiceBefore_WakesOnce()
    {
        _signal.Set();
        _signal.Set();

        await _signal.WaitAsync(CancellationToken.None).WaitAsync(Eventually.Limit);

        Assert.False(_signal.WaitAsync(CancellationToken.None).IsCompleted);
    }

    [Fact]
    public async Task WaitAsync_NotSetInTime_EndsAndASignalAfterItIsKept()
    {
        var waiting = _signal.WaitAsync(_limit, _time, CancellationToken.None);
        Assert.False(waiting.IsCompleted);

        _time.Advance(_limit);
        await waiting.WaitAsync(Eventually.Limit);
        _signal.Set();

        Assert.True(_signal.TryTake());
        Assert.False(_signal.TryTake());
    }

    [Fact]
    public async Task WaitAsync_TokenFires_IsCancelled()
    {
        using var ending = new CancellationTokenSource();
        var waiting = _signal.WaitAsync(_limit, _time, ending.Token);

        await ending.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
    }
}
