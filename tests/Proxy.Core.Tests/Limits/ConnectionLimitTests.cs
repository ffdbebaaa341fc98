using Microsoft.AspNetCore.Connections;
using Proxy.Diagnostics;
using Proxy.Limits;

namespace Proxy.Core.Tests.Limits;

public sealed class ConnectionLimitTests
{
    private readonly ConnectionLimit _limit = new();

    [Fact]
    public async Task OnConnection_MaximumReached_ResetWithTheOutcomeAndNotHandled()
    {
        var served = Come(maximum: 2);
        var second = Come(maximum: 2);

        var refused = Come(maximum: 2);

        await refused.Running.WaitAsync(Eventually.Limit);
        Assert.Equal(ConnectionOutcome.LimitExceeded, refused.Record.Outcome);
        Assert.True(refused.Connection.Aborted);
        Assert.False(refused.IsHandled);
        Assert.Equal(2, _limit.Count);
        Assert.All(
            [served, second],
            static open => Assert.True(open is { IsHandled: true, Connection.Aborted: false, Record.Outcome: null })
        );
    }

    [Fact]
    public async Task OnConnection_OneHasEnded_ItsPlaceIsTakenByTheNext()
    {
        var first = Come(maximum: 1);
        first.Ending.SetResult();
        await first.Running.WaitAsync(Eventually.Limit);
        Assert.Equal(0, _limit.Count);

        var next = Come(maximum: 1);

        Assert.True(next.IsHandled);
        Assert.Null(next.Record.Outcome);
    }

    [Fact]
    public async Task OnConnection_HandlerFailsLater_ExceptionPassesAndItsPlaceIsTakenByTheNext()
    {
        var first = Come(maximum: 1);
        first.Ending.SetException(new InvalidOperationException());

        await Assert.ThrowsAsync<InvalidOperationException>(() => first.Running.WaitAsync(Eventually.Limit));

        Assert.Equal(0, _limit.Count);
        Assert.True(Come(maximum: 1).IsHandled);
    }

    [Fact]
    public async Task OnConnection_HandlerThrowsAtOnce_ExceptionPassesAndItsPlaceIsTakenByTheNext()
    {
        await Assert.ThrowsAsync<InvalidOperationException>(() =>
            _limit.OnConnectionAsync(new FakeConnection(), 1, static _ => throw new InvalidOperationException())
        );

        Assert.Equal(0, _limit.Count);
        Assert.True(Come(maximum: 1).IsHandled);
    }

    [Fact]
    public async Task OnConnection_ManyRefused_TakeNoPlace()
    {
        var holder = Come(maximum: 1);
        for (var i = 0; i < 10; i++)
        {
            await Come(maximum: 1).Running.WaitAsync(Eventually.Limit);
        }

        holder.Ending.SetResult();
        await holder.Running.WaitAsync(Eventually.Limit);

        Assert.Equal(0, _limit.Count);
        Assert.True(Come(maximum: 1).IsHandled);
    }

    [Fact]
    public void OnConnection_EditRaisesTheMaximum_TheNextIsHandled()
    {
        _ = Come(maximum: 1);
        Assert.False(Come(maximum: 1).IsHandled);

        Assert.True(Come(maximum: 2).IsHandled);
    }

    [Fact]
    public async Task OnConnection_EditLowersTheMaximum_OpenOnesStayAndCount()
    {
        var first = Come(maximum: 2);
        var second = Come(maximum: 2);

        Assert.Equal(ConnectionOutcome.LimitExceeded, Come(maximum: 1).Record.Outcome);
        Assert.All([first, second], static open => Assert.False(open.Connection.Aborted));
        first.Ending.SetResult();
        await first.Running.WaitAsync(Eventually.Limit);
        Assert.Equal(ConnectionOutcome.LimitExceeded, Come(maximum: 1).Record.Outcome);
        second.Ending.SetResult();
        await second.Running.WaitAsync(Eventually.Limit);

        Assert.True(Come(maximum: 1).IsHandled);
    }

    [Fact]
    public void OnConnection_NoMaximum_AllAreHandledAndCountForALaterOne()
    {
        const int Many = 100;
        for (var i = 0; i < Many; i++)
        {
            Assert.True(Come(maximum: null).IsHandled);
        }

        Assert.Equal(Many, _limit.Count);
        Assert.False(Come(maximum: Many).IsHandled);
    }

    private Client Come(int? maximum)
    {
        var client = new Client();
        client.Running = _limit.OnConnectionAsync(client.Connection, maximum, client.HandleAsync);
        return client;
    }

    private sealed class Client
    {
        public Client()
        {
            Record = new(Connection, "endpoint", "", TimeProvider.System);
            Record.Attach();
        }

        public FakeConnection Connection { get; } = new();

        public ConnectionRecord Record { get; }

        public TaskCompletionSource Ending { get; } = new();

        public bool IsHandled { get; private set; }

        public Task Running { get; set; } = Task.CompletedTask;

        public Task HandleAsync(ConnectionContext connection)
        {
            Assert.Same(Connection, connection);
            IsHandled = true;
            return Ending.Task;
        }
    }
}
