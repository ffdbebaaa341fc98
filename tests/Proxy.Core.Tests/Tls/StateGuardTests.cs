using Proxy.Tls;

namespace Proxy.Core.Tests.Tls;

public sealed class StateGuardTests
{
    private readonly StateGuard _guard;
    private int _ends;
    private int _later;

    public StateGuardTests() => _guard = new(() => _ends++, () => _later++);

    [Fact]
    public void TryEnd_NothingReads_EndsAtOnce()
    {
        Assert.True(_guard.TryEnd());

        Assert.Equal((1, 0), (_ends, _later));
        _guard.Enter(); // and it is left
        _guard.Exit();
        Assert.Equal((1, 0), (_ends, _later));
    }

    [Fact]
    public void TryEnd_WhileARead_TheReadEndsWhenItIsDone()
    {
        _guard.Enter();

        Assert.False(_guard.TryEnd());
        Assert.Equal((0, 0), (_ends, _later));
        _guard.Exit();

        Assert.Equal((1, 1), (_ends, _later));
        _guard.Enter();
        _guard.Exit();
        Assert.Equal((1, 1), (_ends, _later));
    }

    [Fact]
    public async Task TryEnd_BesideReads_EndsOnceAndNeverWithinOne()
    {
        for (var i = 0; i < 1000; i++)
        {
            var (isInUse, ends, later, wrong) = (0, 0, 0, 0);
            var guard = new StateGuard(
                () =>
                {
                    ends++;
                    wrong += Interlocked.Exchange(ref isInUse, 1);
                    Volatile.Write(ref isInUse, 0);
                },
                () => later++
            );
            using var together = new Barrier(2);
            var reading = Task.Run(() =>
            {
                together.SignalAndWait();
                for (var read = 0; read < 20; read++)
                {
                    guard.Enter();
                    wrong += Interlocked.Exchange(ref isInUse, 1);
                    Volatile.Write(ref isInUse, 0);
                    guard.Exit();
                }
            });
            var ending = Task.Run(() =>
            {
                together.SignalAndWait();
                return guard.TryEnd();
            });

            await Task.WhenAll(reading, ending).WaitAsync(Eventually.Limit);

            Assert.Equal((1, await ending ? 0 : 1, 0), (ends, later, wrong));
        }
    }
}
