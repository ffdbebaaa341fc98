using Proxy.Locking;

namespace Proxy.Core.Tests.Locking;

public sealed class HookTurnTests
{
    private readonly HookTurn _turn = new();

    [Fact]
    public async Task Give_SeveralWait_FirstOnesGoBeforeTheOthersAndEachInItsOrder()
    {
        await TakeAsync(first: false);
        Task[] waiting = [TakeAsync(false), TakeAsync(true), TakeAsync(false), TakeAsync(true)];

        int[] order = [1, 3, 0, 2];
        foreach (var next in order)
        {
            Assert.False(waiting[next].IsCompleted);
            _turn.Give();
            await waiting[next].WaitAsync(Eventually.Limit);
        }
    }

    [Fact]
    public async Task Give_NothingWaits_TheTurnIsFreeAndTakenByOneOnly()
    {
        await TakeAsync(first: false);
        _turn.Give();

        await TakeAsync(first: false).WaitAsync(Eventually.Limit);
        Assert.False(TakeAsync(first: false).IsCompleted);
    }

    [Fact]
    public async Task Give_TheNextWasCancelled_TheOneAfterItGoes()
    {
        await TakeAsync(first: false);
        using var cancel = new CancellationTokenSource();
        var cancelled = _turn.TakeAsync(first: true, cancel.Token);
        var after = TakeAsync(first: false);
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled);

        _turn.Give();

        await after.WaitAsync(Eventually.Limit);
    }

    [Fact]
    public async Task TakeAsync_CancelledBefore_TakesNothing()
    {
        using var cancel = new CancellationTokenSource();
        await cancel.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _turn.TakeAsync(first: false, cancel.Token));

        await TakeAsync(first: false).WaitAsync(Eventually.Limit);
    }

    private Task TakeAsync(bool first) => _turn.TakeAsync(first, CancellationToken.None);
}
