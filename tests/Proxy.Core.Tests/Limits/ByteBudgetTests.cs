using Proxy.Limits;

namespace Proxy.Core.Tests.Limits;

public sealed class ByteBudgetTests
{
    private const int Size = 10_000;
    private readonly List<int> _woken = [];
    private readonly ByteBudget _process = new(100 * Size);
    private readonly ByteBudget _budget;

    public ByteBudgetTests() => _budget = new(2 * Size, _process);

    [Fact]
    public void Add_InAPart_CountedInTheParentToo()
    {
        _budget.Add(Size);

        Assert.Equal((Size, Size), (_budget.Used, _process.Used));
        _budget.Add(-Size);
        Assert.Equal((0, 0), (_budget.Used, _process.Used));
    }

    [Fact]
    public void TryReserve_Room_ReservedOnce()
    {
        var holder = Open(1);

        Assert.True(holder.TryReserve(Size));
        holder.Resize(0, Size);

        Assert.Equal((Size, Size), (holder.Held, _budget.Used));
        holder.Resize(Size, 0);
        Assert.Equal((0, 0), (holder.Held, _budget.Used));
    }

    [Fact]
    public void Resize_SmallBuffer_NotCounted()
    {
        var holder = Open(1);

        holder.Resize(0, ByteBudget.Uncounted);

        Assert.Equal(0, _budget.Used);
    }

    [Fact]
    public void TryReserve_MoreThanTheLimit_OneMayExceedIt()
    {
        var holder = Open(1);

        Assert.True(holder.TryReserve(3 * Size));
        Assert.True(holder.TryReserve(3 * Size));

        Assert.False(Open(2).TryReserve(Size));
        Assert.Equal(6 * Size, _budget.Used);
    }

    [Fact]
    public void Resize_Released_WaitingOnesTakeTurnsInOrder()
    {
        var first = Open(1);
        first.TryReserve(3 * Size);
        first.Resize(0, 3 * Size);
        var waiting = new[] { Open(2), Open(3), Open(4) };
        Assert.All(waiting, static holder => Assert.False(holder.TryReserve(Size)));

        first.Resize(3 * Size, 0);

        Assert.Equal([2, 3, 4], _woken); // the last one exceeds the limit
        Assert.Equal(3 * Size, _budget.Used);
        Assert.Equal(0, _budget.Waiting);
    }

    [Fact]
    public void Close_TheOneThatExceeds_TheNextMayExceed()
    {
        var first = Open(1);
        first.TryReserve(5 * Size);
        var second = Open(2);
        Assert.False(second.TryReserve(7 * Size));

        first.Close();

        Assert.Equal([2], _woken);
        Assert.Equal(7 * Size, _budget.Used);
    }

    [Fact]
    public void Close_WhileItWaits_NeverWoken()
    {
        var first = Open(1);
        first.TryReserve(5 * Size);
        var second = Open(2);
        second.TryReserve(Size);

        second.Close();
        first.Close();

        Assert.Empty(_woken);
        Assert.Equal((0, 0, 0), (_budget.Used, _process.Used, _budget.Waiting));
    }

    [Fact]
    public void GiveWay_OthersWait_TheNextMayExceedAndTheFirstWaits()
    {
        var first = Open(1);
        first.TryReserve(5 * Size);
        first.Resize(0, 5 * Size);
        Open(2).TryReserve(Size);
        Assert.True(first.KeepsOthersWaiting);

        first.GiveWay();

        Assert.Equal([2], _woken);
        Assert.False(first.TryReserve(Size));
    }

    [Fact]
    public void KeepsOthersWaiting_OnlyThoseOfOtherPartsWaitForTheProcess_True()
    {
        var other = new ByteBudget(1000 * Size, _process);
        var first = Open(1);
        first.TryReserve(5 * Size);
        Open(2, other).TryReserve(90 * Size);
        Assert.False(first.KeepsOthersWaiting);
        Open(3, other).TryReserve(20 * Size); // exceeds the process's budget, and is the one of its part that may
        Assert.False(first.KeepsOthersWaiting);

        var waiting = Open(4, other);
        Assert.False(waiting.TryReserve(Size));

        Assert.True(first.KeepsOthersWaiting);
        waiting.Close();
        Assert.False(first.KeepsOthersWaiting);
    }

    [Fact]
    public void KeepsOthersWaiting_OtherPartIsFullAndTheProcessIsNot_False()
    {
        var other = new ByteBudget(2 * Size, _process);
        var first = Open(1);
        first.TryReserve(5 * Size);
        Open(2, other).TryReserve(5 * Size);
        Assert.False(Open(3, other).TryReserve(Size));

        Assert.False(first.KeepsOthersWaiting);
    }

    [Fact]
    public void Limit_Raised_WaitingOnesAreWoken()
    {
        Open(1).TryReserve(5 * Size);
        Open(2).TryReserve(Size);
        Open(3).TryReserve(Size);

        _budget.Limit = 7 * Size;

        Assert.Equal([2, 3], _woken);
    }

    [Fact]
    public void TryReserve_ProcessFull_OneOfEachPartMayExceedUpToTheCeiling()
    {
        var other = new ByteBudget(1000 * Size, _process);
        other.Add(100 * Size);
        Assert.True(_budget.IsFull);

        Assert.True(Open(1).TryReserve(Size));
        Assert.False(Open(2).TryReserve(Size));
        other.Add(100 * Size);
        Assert.True(_budget.IsAtCeiling);

        other.Add(-150 * Size);

        Assert.Equal([2], _woken);
    }

    [Fact]
    public void TryReserve_ProcessAtItsCeiling_OneOfAllPartsMayExceedAtATime()
    {
        var other = new ByteBudget(2 * Size, _process);
        _process.Add(200 * Size);
        var first = Open(1);
        var second = Open(2, other);

        Assert.True(first.TryReserve(Size));
        Assert.True(first.TryReserve(Size));
        Assert.False(second.TryReserve(Size));
        Assert.False(Open(3).TryReserve(Size));
        first.Close();

        Assert.Equal([2], _woken);
        second.GiveWay();
        Assert.Equal([2, 3], _woken);
    }

    [Fact]
    public void TryReserve_ProcessBelowItsCeilingAgain_OneOfEachPartMayExceed()
    {
        var other = new ByteBudget(2 * Size, _process);
        _process.Add(200 * Size);
        Assert.True(Open(1).TryReserve(Size));
        Assert.False(Open(2, other).TryReserve(Size));

        _process.Add(-2 * Size);

        Assert.Equal([2], _woken);
    }

    [Fact]
    public void Open_AnotherBudget_WhatIsHeldIsCountedThere()
    {
        var other = new ByteBudget(2 * Size, _process);
        var holder = Open(1);
        holder.Resize(0, 3 * Size);

        holder.Open(other);

        Assert.Equal((0, 3 * Size, 3 * Size), (_budget.Used, other.Used, _process.Used));
        holder.Close();
        Assert.Equal((0, 0), (other.Used, _process.Used));
    }

    [Fact]
    public void AwaitsTaking_OnlyOtherBytes_False()
    {
        var untaken = new ByteBudget(2 * Size, _budget, isUntaken: true);
        _budget.Add(300 * Size);
        Assert.True(untaken.IsAtCeiling);
        Assert.False(untaken.AwaitsTaking);

        untaken.Add(2 * Size);

        Assert.True(untaken.AwaitsTaking);
    }

    [Fact]
    public void AwaitsTaking_OtherPartsUseTheParentUp_True()
    {
        var untaken = new ByteBudget(2 * Size, _budget, isUntaken: true);
        new ByteBudget(1000 * Size, _process, isUntaken: true).Add(100 * Size);

        Assert.True(untaken.AwaitsTaking);
    }

    [Fact]
    public void OfProcess_AnyMachine_APartOfItsMemory() =>
        Assert.InRange(ByteBudget.OfProcess().Limit, 1, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 2);

    [Fact]
    public async Task TryReserve_ManyThreads_EachIsGrantedAndNothingStaysCounted()
    {
        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(TakeTurnsAsync)));

        Assert.Equal((0, 0, 0), (_budget.Used, _process.Used, _budget.Waiting));
    }

    private async Task TakeTurnsAsync()
    {
        using var woken = new SemaphoreSlim(0);
        for (var turn = 0; turn < 500; turn++)
        {
            var holder = new ByteHolder(() => woken.Release());
            holder.Open(_budget);
            if (!holder.TryReserve(Size))
            {
                Assert.True(await woken.WaitAsync(Eventually.Limit));
            }

            holder.Resize(0, Size);
            holder.Resize(Size, 0);
            holder.Close();
        }
    }

    private ByteHolder Open(int number, ByteBudget? budget = null)
    {
        var holder = new ByteHolder(() => _woken.Add(number));
        holder.Open(budget ?? _budget);
        return holder;
    }
}
